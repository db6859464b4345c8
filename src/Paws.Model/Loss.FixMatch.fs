namespace Paws.Model

open TorchSharp

/// FixMatch's loss and how many images took part.
type FixMatchResult = {
    /// Scalar in [0, ∞) nats.
    Loss: torch.Tensor
    /// The share of images whose pseudo-label was confident enough, scalar in [0, 1], detached.
    Confident: torch.Tensor
}

/// FixMatch's loss on unlabeled images (Sohn et al., NeurIPS 2020, equation 4): the class predicted for a weakly augmented view, where
/// that is confident, is the label of a strongly augmented one.
[<RequireQualifiedAccess>]
module FixMatchLoss =

    /// Mean over all n images of 1(max q ≥ threshold) · H(arg max q, p), q = softmax(weak), p = softmax(strong). Images below the
    /// threshold count as 0 in the mean. Of equal classes the first is the label.
    ///
    /// threshold in (0, 1], published 0.95; weak [n,k] and strong [n,k], logits. Gradient passes to strong alone.
    let evaluate (threshold: float) (weak: torch.Tensor) (strong: torch.Tensor) : FixMatchResult =
        Checks.unitInterval "threshold" threshold
        Checks.matrix "weak" weak
        Checks.rows "strong" weak.shape[0] strong
        Checks.sameWidth "strong" strong "weak" weak
        use scope = torch.NewDisposeScope()
        let struct (confidence, label) = weak.detach().softmax(1L).max 1L // [n], [n]
        let counts = (Scalars.atLeast threshold confidence).to_type strong.dtype
        let losses = strong.log_softmax(1L).gather(1L, label.unsqueeze 1L).squeeze(1L).neg() // [n]

        {
            Loss = losses.mul(counts).mean().MoveToOuterDisposeScope()
            Confident = counts.mean().MoveToOuterDisposeScope()
        }
