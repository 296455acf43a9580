// Symmetric positive definite systems by Cholesky's decomposition (Golub and Van Loan, Matrix Computations, 4.2).

/** The lower triangle L with L·Lᵀ = matrix, row by row. Throws RangeError when the matrix is not positive definite. */
export function factor(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] ?? 0
      for (let k = 0; k < j; k++) sum -= (lower[i * size + k] ?? 0) * (lower[j * size + k] ?? 0)
      if (i === j && !(sum > 0)) throw new RangeError(`the matrix is not positive definite at row ${i}`)
      lower[i * size + j] = i === j ? Math.sqrt(sum) : sum / (lower[j * size + j] ?? 1)
    }
  }
  return lower
}

/** Solves L·x = vector in place. */
export function solveLower(lower: Float64Array, vector: Float64Array): void {
  const size = vector.length
  for (let i = 0; i < size; i++) {
    let sum = vector[i] ?? 0
    for (let k = 0; k < i; k++) sum -= (lower[i * size + k] ?? 0) * (vector[k] ?? 0)
    vector[i] = sum / (lower[i * size + i] ?? 1)
  }
}

/** Solves L·Lᵀ·x = vector in place. */
export function solve(lower: Float64Array, vector: Float64Array): void {
  const size = vector.length
  solveLower(lower, vector)
  for (let i = size - 1; i >= 0; i--) {
    let sum = vector[i] ?? 0
    for (let k = i + 1; k < size; k++) sum -= (lower[k * size + i] ?? 0) * (vector[k] ?? 0)
    vector[i] = sum / (lower[i * size + i] ?? 1)
  }
}
