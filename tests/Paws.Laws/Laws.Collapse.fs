namespace Paws.Laws

open TorchSharp
open Paws.Model

/// Section 4 of the paper: why the method does not collapse, and when it may.
[<RequireQualifiedAccess>]
module CollapseLaws =

    /// The loss as a function of the similarities of one row of collapsed embeddings, where all of them are equal.
    let private similarityGradient (s: Setting) (target: torch.Tensor) =
        let loss (similarities: torch.Tensor) =
            let p = (Scalars.divide s.Temperature similarities).softmax(1L).mm s.Labels
            (Numerics.crossEntropy target p).sum()

        Must.value ((Differentiate.grad loss (torch.ones (1L, int64 s.SupportRows, dtype = torch.float64))).norm())

    /// Section 4 of the paper: why the method does not collapse, and when it may.
    let all = [
        Law.always "collapsed similarities are not stationary under a target that is not uniform" (fun s ->
            let target = Draw.distributions s.Random 1 s.Classes
            let distance = Must.value ((target.sub (Draw.uniform 1 s.Classes)).norm())
            // ‖∇‖ = distance · (1 − smoothing) / (τ √imagesPerClass), from dH/dsⱼ = (1 − K·t)(1 − smoothing)/(τ·s) at j's class.
            let expected =
                distance * (1.0 - s.Smoothing) / (s.Temperature * sqrt (float s.ImagesPerClass))

            Must.equal "length of the gradient" expected (similarityGradient s target))

        Law.always "under a uniform target they are stationary, and sharpening leaves it uniform" (fun s ->
            let uniform = Sharpening.sharpen s.Sharpen (Draw.uniform 1 s.Classes)
            Must.equal "length of the gradient" 0.0 (similarityGradient s uniform))
    ]
