namespace Paws.Model

open TorchSharp

/// NT-Xent (SimCLR): each view should find the other view of its image among all views of the batch.
[<RequireQualifiedAccess>]
module NtXentLoss =

    let private ofViews constantCandidates (temperature: float) (embeddings: torch.Tensor) =
        Checks.positive "temperature" temperature
        Checks.matrix "embeddings" embeddings
        let rows = embeddings.shape[0]

        if rows = 0L || rows % 2L <> 0L then
            Checks.fail $"embeddings must hold two views of each image, got {rows} rows"

        use scope = torch.NewDisposeScope()
        let unit = Numerics.l2Normalise embeddings
        let candidates = if constantCandidates then unit.detach () else unit

        let similarities =
            (Scalars.divide temperature unit).mm(candidates.t ())
            |> Numerics.withoutDiagonal // [n,d] · [d,n] → [n,n]

        let other = candidates.roll ([| rows / 2L |], [| 0L |]) // the other view of each row's image
        let positives = unit.mul(other).sum 1L |> Scalars.divide temperature // [n]
        similarities.logsumexp(1L).sub(positives).mean().MoveToOuterDisposeScope()

    /// Mean over rows of −log of the share that the other view of the image has of the similarity mass of all other rows.
    ///
    /// temperature τ in (0, ∞); embeddings [2b,d], view by view → scalar in nats. Differentiable.
    let evaluate (temperature: float) (embeddings: torch.Tensor) = ofViews false temperature embeddings

    /// The same value, but each row is compared with constants: no gradient passes to the rows it is compared with, neither
    /// the negatives nor the positive. This is the published code's baseline.
    let evaluateDetachedNegatives (temperature: float) (embeddings: torch.Tensor) = ofViews true temperature embeddings
