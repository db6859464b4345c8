namespace Paws.Model

open TorchSharp

/// The soft nearest-neighbours classifier π (section 3 of the paper): a query's class distribution is the
/// similarity-weighted mean of the labels of the supports.
[<RequireQualifiedAccess>]
module SoftNearestNeighbours =

    /// π(q | S) = softmax(q̂ Ŝᵀ / τ) Y, rows of q and S scaled to unit length.
    ///
    /// temperature τ in (0, ∞); supports [s,d]; supportLabels [s,k], rows that sum to 1; queries [q,d] → [q,k].
    /// Differentiable in all three tensors.
    let classify (temperature: float) (supports: torch.Tensor) (supportLabels: torch.Tensor) (queries: torch.Tensor) =
        Checks.positive "temperature" temperature
        Checks.matrix "supports" supports
        Checks.rows "supportLabels" supports.shape[0] supportLabels
        Checks.matrix "queries" queries
        Checks.sameWidth "queries" queries "supports" supports
        use scope = torch.NewDisposeScope()
        // Dividing the supports by τ touches s·d numbers; dividing the similarities would touch q·s.
        let scaled = Numerics.l2Normalise supports |> Scalars.divide temperature
        let similarities = (Numerics.l2Normalise queries).mm(scaled.t ()) // [q,d] · [d,s] → [q,s]
        similarities.softmax(1L).mm(supportLabels).MoveToOuterDisposeScope() // [q,s] · [s,k] → [q,k]
