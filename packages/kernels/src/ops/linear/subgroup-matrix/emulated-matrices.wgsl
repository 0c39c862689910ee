// emulated-matrices: what the piece matrices offers, in the language as every adapter with subgroups has it, for tests: the sums
// of a matrix are dealt to the invocations of the subgroup in turn, and left and right are read from the tile where they lie.
diagnostic(off, subgroup_uniformity);
#const SMALLEST: u32
const SUMS: u32 = MATRIX_M * MATRIX_N / SMALLEST;   // of one invocation

struct LeftMatrix { start: u32 }
struct RightMatrix { start: u32 }
alias ResultMatrix = array<f32, SUMS>;

fn load_left(start: u32) -> LeftMatrix {
  return LeftMatrix(start);
}

fn load_right(start: u32) -> RightMatrix {
  return RightMatrix(start);
}

fn multiply_add(left: LeftMatrix, right: RightMatrix, sums: ResultMatrix) -> ResultMatrix {
  var result = sums;
  let size = subgroupAdd(1u);
  let depth = MATRIX_K * size / size;   // no constant: compiling unrolled loops takes longer than all the rest
  var at = subgroupExclusiveAdd(1u);
  for (var i = 0u; at < MATRIX_M * MATRIX_N; i++) {
    var sum = result[i];
    for (var k = 0u; k < depth; k++) {
      let l = f32(tile[left.start + at / MATRIX_N * TILE_STRIDE + k]);
      sum += l * f32(tile[right.start + at % MATRIX_N * TILE_STRIDE + k]);
    }
    result[i] = sum;
    at += size;
  }
  return result;
}

fn store_result(start: u32, sums: ResultMatrix) {
  let size = subgroupAdd(1u);
  var at = subgroupExclusiveAdd(1u);
  for (var i = 0u; at < MATRIX_M * MATRIX_N; i++) {
    results[start + at / MATRIX_N * RESULT_STRIDE + at % MATRIX_N] = sums[i];
    at += size;
  }
}
