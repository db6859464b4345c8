namespace Paws.Model

open System
open TorchSharp

/// What SwAV can be set to. Made by Create, which checks the ranges.
type SwavLossOptions = {
    /// τ of the predictions, in (0, ∞); published 0.1.
    Temperature: float
    /// ε, the entropy weight of the assignments, in (0, ∞); published 0.05.
    Epsilon: float
    /// Rounds of Sinkhorn's algorithm, at least 1; published 3.
    Iterations: int
} with

    /// Throws ArgumentException with the range where a value is out of it.
    static member Create(temperature: float, epsilon: float, iterations: int) =
        Checks.positive "temperature" temperature
        Checks.positive "epsilon" epsilon
        Checks.atLeast 1 "iterations" iterations

        {
            Temperature = temperature
            Epsilon = epsilon
            Iterations = iterations
        }

/// SwAV (Caron et al., NeurIPS 2020): each view predicts to which prototypes a large view of the same image was assigned, where
/// assignments use all prototypes equally.
[<RequireQualifiedAccess>]
module SwavLoss =

    /// Assignments of n rows to k prototypes by Sinkhorn's algorithm on exp(scores/ε), [n,k] → [n,k], rows that sum to 1, columns
    /// that sum to about n/k (exactly, in the limit of many rounds). Each round scales the columns, then the rows.
    /// Detached. In logarithms, so that no score overflows.
    ///
    /// epsilon ε in (0, ∞); iterations ≥ 1; scores [n,k], cosines of embeddings and prototypes.
    let assign (epsilon: float) (iterations: int) (scores: torch.Tensor) =
        Checks.positive "epsilon" epsilon
        Checks.atLeast 1 "iterations" iterations
        Checks.matrix "scores" scores
        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()

        let normalise (logs: torch.Tensor) dimension =
            logs.sub (logs.logsumexp (dimension, keepdim = true))

        let round logs _ = normalise (normalise logs 0L) 1L
        let start = scores.detach () |> Scalars.divide epsilon
        let logs = Seq.fold round start (seq { 1..iterations })
        logs.exp().MoveToOuterDisposeScope()

    /// Mean, over the two large views and the views other than each, of H(assignment of the large view, prediction of the other
    /// view), predictions softmax(ẑ ĉᵀ / τ), in nats (equation 1 of that paper, with its multi-crop).
    ///
    /// prototypes c [k,d]; views z [(2+m)b,d], view by view, large views first. Each large view's batch is assigned on its own.
    /// Gradient passes through predictions, to views and prototypes, not through assignments.
    let evaluate (options: SwavLossOptions) (multicrop: int) (prototypes: torch.Tensor) (views: torch.Tensor) =
        Checks.atLeast 0 "multicrop" multicrop
        Checks.matrix "prototypes" prototypes
        Checks.matrix "views" views
        Checks.sameWidth "views" views "prototypes" prototypes
        let count = 2 + multicrop

        if views.shape[0] = 0L || views.shape[0] % int64 count <> 0L then
            Checks.fail $"views must hold {count} views of each image, got {views.shape[0]} rows"

        use scope = torch.NewDisposeScope()
        let scores = (Numerics.l2Normalise views).mm((Numerics.l2Normalise prototypes).t()) // [vb,d] · [d,k] → [vb,k]
        let perView = scores.chunk (int64 count, 0L)

        let logs =
            perView
            |> Array.map (fun s -> (Scalars.divide options.Temperature s).log_softmax 1L)

        [|
            for large in 0..1 do
                let assignments = assign options.Epsilon options.Iterations perView[large]

                for other in 0 .. count - 1 do
                    if other <> large then
                        assignments.mul(logs[other]).sum(1L).mean().neg()
        |]
        |> torch.stack
        |> _.mean()
        |> _.MoveToOuterDisposeScope()
