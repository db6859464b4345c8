namespace Paws.Reference

open System
open MathNet.Numerics.LinearAlgebra

/// Distributions and what is computed of them. Written from the equations, one number at a time where that is the plainest way,
/// and without a look at the implementation that it is compared with.
[<RequireQualifiedAccess>]
module Distributions =

    /// t · log p, with 0 · log p = 0.
    let private term t p = if t = 0.0 then 0.0 else t * log p

    /// −Σₖ tₖ log pₖ.
    let crossEntropy (t: Vector<float>) (p: Vector<float>) = -(Seq.map2 term t p |> Seq.sum)

    /// −Σₖ pₖ log pₖ.
    let entropy (p: Vector<float>) = crossEntropy p p

    /// softmax of logits, shifted so that the largest is 0.
    let softmax (logits: Vector<float>) =
        let powers = logits.Subtract(logits.Maximum()).PointwiseExp()
        powers / powers.Sum()

    /// log Σ exp.
    let logSumExp (values: float seq) =
        let largest = Seq.max values

        if Double.IsNegativeInfinity largest then
            largest
        else
            largest + log (values |> Seq.sumBy (fun v -> exp (v - largest)))

    /// ρ(p)ₖ = pₖ^(1/T) / Σⱼ pⱼ^(1/T), as a softmax of logarithms.
    let sharpen temperature (p: Vector<float>) =
        let logs = p |> Seq.map (fun v -> log v / temperature) |> Seq.toArray
        let total = logSumExp logs
        logs |> Array.map (fun l -> exp (l - total)) |> Vector<float>.Build.Dense

    /// The mean of rows.
    let mean (rows: Matrix<float>) = rows.ColumnSums() / float rows.RowCount

    /// −H(p̄).
    let meMax (mean: Vector<float>) = -(entropy mean)

    /// KL(p̄ ‖ prior) − log K.
    let meMaxTowards (prior: Vector<float>) (mean: Vector<float>) =
        let divergence =
            Seq.map2 (fun p q -> if p = 0.0 then 0.0 else p * log (p / q)) mean prior
            |> Seq.sum

        divergence - log (float mean.Count)

    /// Each row by a function.
    let mapRows (f: Vector<float> -> Vector<float>) (rows: Matrix<float>) =
        rows.EnumerateRows() |> Seq.map f |> Matrix<float>.Build.DenseOfRowVectors

    /// The mean over rows of a function of each.
    let meanOf (f: int -> float) rows = Seq.init rows f |> Seq.average
