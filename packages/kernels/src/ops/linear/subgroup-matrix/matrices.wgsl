// matrices: what matrix-tile needs of subgroup matrices: blocks of MATRIX_M × MATRIX_N sums that a subgroup holds together.
// https://github.com/gpuweb/gpuweb/blob/main/proposals/subgroup-matrix.md. The types count columns first.
// The layout in memory used to be an argument (col_major) and has been a template argument since the middle of 2026.
diagnostic(off, chromium.subgroup_matrix_uniformity);   // older analysis does not know that subgroup_id is the subgroup's
enable chromium_experimental_subgroup_matrix;
#flag LAYOUT_ARGUMENTS

alias LeftMatrix = subgroup_matrix_left<component_type, MATRIX_K, MATRIX_M>;
alias RightMatrix = subgroup_matrix_right<component_type, MATRIX_N, MATRIX_K>;
alias ResultMatrix = subgroup_matrix_result<f32, MATRIX_N, MATRIX_M>;

#if LAYOUT_ARGUMENTS
fn load_left(start: u32) -> LeftMatrix {
  return subgroupMatrixLoad<LeftMatrix>(&tile, start, false, TILE_STRIDE);
}

fn load_right(start: u32) -> RightMatrix {
  return subgroupMatrixLoad<RightMatrix>(&tile, start, true, TILE_STRIDE);
}

fn store_result(start: u32, sums: ResultMatrix) {
  subgroupMatrixStore(&results, start, sums, false, RESULT_STRIDE);
}
#else
fn load_left(start: u32) -> LeftMatrix {
  return subgroupMatrixLoad<LeftMatrix, row_major>(&tile, start, TILE_STRIDE);
}

fn load_right(start: u32) -> RightMatrix {
  return subgroupMatrixLoad<RightMatrix, col_major>(&tile, start, TILE_STRIDE);
}

fn store_result(start: u32, sums: ResultMatrix) {
  subgroupMatrixStore<row_major>(&results, start, sums, RESULT_STRIDE);
}
#endif

fn multiply_add(left: LeftMatrix, right: RightMatrix, sums: ResultMatrix) -> ResultMatrix {
  return subgroupMatrixMultiplyAccumulate(left, right, sums);
}
