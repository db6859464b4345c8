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

    /// ME-Max for data whose classes are not equally frequent: KL(p̄ ‖ prior) − log K = −H(p̄) − Σₖ p̄ₖ log(K·priorₖ) in nats,
    /// p̄ [k] → scalar in [−log K, −log min prior − log K], least where p̄ is the prior. At the uniform prior it is ME-Max.
    /// Ours: neither the paper nor the published code has it.
    ///
    /// prior [k], the classes' shares, in (0, 1], summing to 1; p̄ sums to 1. Differentiable in p̄.
    let towards (prior: torch.Tensor) (meanPrediction: torch.Tensor) =
        if meanPrediction.dim () <> 1L then
            Checks.fail $"meanPrediction must be a vector, got {meanPrediction.dim ()} dimensions"

        Checks.vector "prior" meanPrediction.shape[0] prior
        use scope = torch.NewDisposeScope()
        let classes = float meanPrediction.shape[0]
        let shift = Numerics.xLogY meanPrediction (Scalars.multiply classes prior)
        (Scalars.add (Numerics.entropy meanPrediction) (shift.sum ())).neg().MoveToOuterDisposeScope()
