namespace Paws.Model

open TorchSharp

/// Mean-entropy maximisation (section 3 of the paper): the average prediction should use all classes.
[<RequireQualifiedAccess>]
module MeMax =

    /// p̄, the mean over all views of all images, [n,k] → [k].
    ///
    /// average takes this worker's mean to the mean over workers (the identity for one worker). It decides what gradient
    /// passes; in the published code that is the identity. predictions: the sharpened anchors.
    let meanPrediction (average: torch.Tensor -> torch.Tensor) (predictions: torch.Tensor) = average (predictions.mean [| 0L |])

    /// −H(p̄) in nats, as it is added to the loss: p̄ [k] → scalar in [−log K, 0]. Differentiable.
    let regulariser (meanPrediction: torch.Tensor) = (Numerics.entropy meanPrediction).neg()
