namespace Paws.Model

open TorchSharp

/// Small numerical helpers shared by the losses. All are differentiable, and finite in value and gradient at zero.
[<RequireQualifiedAccess>]
module Numerics =

    /// The smallest normal number of a floating-point type: where logarithms are cut off.
    let private tiny (x: torch.Tensor) =
        if x.dtype = torch.float64 then 2.2250738585072014e-308
        else if x.dtype = torch.float16 then 6.103515625e-5
        else 1.1754943508222875e-38

    /// Rows scaled to unit length: x / max(‖x‖₂, 1e-12), [n,d] → [n,d]. A zero row stays zero.
    let l2Normalise (x: torch.Tensor) =
        torch.nn.functional.normalize (x, p = 2.0, dim = 1L, eps = 1e-12)

    /// x · log y, element by element, for x, y ≥ 0; equals 0 at x = 0 whatever y.
    /// Below the smallest normal number y counts as that number: the value stays finite, and the gradient to y is 0 there.
    let xLogY (x: torch.Tensor) (y: torch.Tensor) =
        use scope = torch.NewDisposeScope()
        x.mul((Scalars.clampMin (tiny y) y).log()).MoveToOuterDisposeScope()

    /// Cross-entropy −Σₖ tₖ log pₖ of each row in nats, targets and probabilities [n,k] → [n]. In [0, ∞).
    /// Carries gradient to both arguments: detach targets that are constants.
    let crossEntropy (targets: torch.Tensor) (probabilities: torch.Tensor) =
        use scope = torch.NewDisposeScope()
        (xLogY targets probabilities).sum(-1L).neg().MoveToOuterDisposeScope() // [n,k] → [n]

    /// Entropy −Σₖ pₖ log pₖ in nats over the last dimension, [n,k] → [n] or [k] → scalar. In [0, log K].
    let entropy (probabilities: torch.Tensor) =
        crossEntropy probabilities probabilities

    /// Logits with −∞ on the diagonal, [n,n] → [n,n]: a row's softmax then leaves out the row itself.
    let internal withoutDiagonal (logits: torch.Tensor) =
        use diagonal =
            torch.eye (logits.shape[0], dtype = torch.bool, device = logits.device)

        Scalars.maskedFill diagonal -infinity logits
