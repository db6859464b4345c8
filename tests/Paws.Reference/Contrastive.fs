namespace Paws.Reference

open MathNet.Numerics.LinearAlgebra

/// Losses that compare the rows of a batch with each other.
[<RequireQualifiedAccess>]
module Contrastive =

    let private others n i =
        seq {
            for j in 0 .. n - 1 do
                if j <> i then
                    j
        }

    /// SuNCEt: mean of H(yᵢ, Σ_{j≠i} wᵢⱼ yⱼ).
    let suncet temperature (embeddings: Matrix<float>) (labels: Matrix<float>) =
        let n = embeddings.RowCount
        let scores = Classifier.cosines embeddings embeddings / temperature

        Distributions.meanOf
            (fun i ->
                let others = others n i |> Seq.toArray
                let total = Distributions.logSumExp (others |> Seq.map (fun j -> scores[i, j]))

                let probabilities =
                    others
                    |> Array.map (fun j -> exp (scores[i, j] - total) * labels.Row j)
                    |> Array.reduce (+)

                Distributions.crossEntropy (labels.Row i) probabilities)
            n

    /// NT-Xent: mean of −log of the other view's share of the similarity mass of all other rows.
    let ntXent temperature (embeddings: Matrix<float>) =
        let n = embeddings.RowCount
        let scores = Classifier.cosines embeddings embeddings / temperature

        Distributions.meanOf
            (fun i ->
                let total = Distributions.logSumExp (others n i |> Seq.map (fun j -> scores[i, j]))
                total - scores[i, (i + n / 2) % n])
            n
