// Flat workgroup index of a grid that foldWorkgroups may have folded into two dimensions.
fn workgroup_index(id: vec3<u32>, grid: vec3<u32>) -> u32 {
  return id.y * grid.x + id.x;
}
