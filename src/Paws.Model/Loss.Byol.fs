namespace Paws.Model

open TorchSharp

/// BYOL (Grill et al., NeurIPS 2020): the predictor's output for one view should point where the target network's projection of
/// the other view points.
[<RequireQualifiedAccess>]
module ByolLoss =

    /// Mean over all views of ‖p̂ − ẑ′‖² = 2 − 2 cos(p, z′) (equations 2 and 3 of that paper, averaged over the two directions),
    /// scalar in [0, 4].
    ///
    /// predictions [2b,d]: outputs of the predictor, view by view; targets [2b,d]: projections of the moving-average network,
    /// view by view, not swapped. Gradient passes to the predictions; the targets are detached.
    let evaluate (predictions: torch.Tensor) (targets: torch.Tensor) =
        Checks.matrix "predictions" predictions

        if predictions.shape[0] = 0L || predictions.shape[0] % 2L <> 0L then
            Checks.fail $"predictions must hold two views of each image, got {predictions.shape[0]} rows"

        Checks.rows "targets" predictions.shape[0] targets
        Checks.sameWidth "targets" targets "predictions" predictions
        use scope = torch.NewDisposeScope()
        let other = targets.detach () |> Numerics.l2Normalise |> Targets.swap
        let cosines = (Numerics.l2Normalise predictions).mul(other).sum 1L // [2b,d] → [2b]
        (cosines.mean () |> Scalars.multiply -2.0 |> Scalars.shift 2.0).MoveToOuterDisposeScope()
