namespace Paws.Model

open System
open TorchSharp

/// SuNCEt, supervised noise-contrastive estimation: each labelled embedding is classified by all others.
[<RequireQualifiedAccess>]
module SuncetLoss =

    /// Mean over rows i of H(yᵢ, Σ_{j≠i} wᵢⱼ yⱼ) in nats, with w = softmax of the cosines / τ over all other rows. With one-hot
    /// labels this is −log of the share that the row's own class has of the similarity mass of all other rows.
    ///
    /// temperature τ in (0, ∞); embeddings [n,d], n ≥ 2; labels [n,k], one-hot or smoothed → scalar. Differentiable.
    let evaluate (temperature: float) (embeddings: torch.Tensor) (labels: torch.Tensor) =
        Checks.positive "temperature" temperature
        Checks.matrix "embeddings" embeddings
        Checks.atLeast 2 "rows of embeddings" (int embeddings.shape[0])
        Checks.rows "labels" embeddings.shape[0] labels
        use scope = torch.NewDisposeScope()
        let unit = Numerics.l2Normalise embeddings

        let similarities =
            (Scalars.divide temperature unit).mm(unit.t ()) |> Numerics.withoutDiagonal // [n,d] · [d,n] → [n,n]

        let probabilities = similarities.softmax(1L).mm labels // [n,n] · [n,k] → [n,k]
        (Numerics.crossEntropy labels probabilities).mean().MoveToOuterDisposeScope()
