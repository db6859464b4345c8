namespace Paws.Model

open TorchSharp

/// What each view is trained towards: the sharpened prediction for the other views of its image.
[<RequireQualifiedAccess>]
module Targets =

    /// Target probabilities below this become zero, as in the published code. Rows then sum to slightly less than 1.
    let threshold = 1e-4

    /// The two large views change places, [2b,k] → [2b,k].
    let swap (views: torch.Tensor) =
        let halves = views.chunk (2L, 0L)
        torch.cat ([| halves[1]; halves[0] |], 0L)

    /// Targets of all views of b images, view by view, [2b,k] → [(2+m)b,k]: ρ(p²), ρ(p¹), then m times (ρ(p¹)+ρ(p²))/2.
    ///
    /// sharpen: ρ, [n,k] → [n,k]; multicrop m ≥ 0, the number of small views; predictions: the class distributions of the large
    /// views, already swapped. Detached: no gradient passes. Small views never serve as targets.
    let create (sharpen: torch.Tensor -> torch.Tensor) (multicrop: int) (predictions: torch.Tensor) =
        Checks.atLeast 0 "multicrop" multicrop
        Checks.matrix "predictions" predictions

        if predictions.shape[0] % 2L <> 0L then
            Checks.fail $"predictions must hold two views of each image, got {predictions.shape[0]} rows"

        use scope = torch.NewDisposeScope()
        let large = sharpen (predictions.detach ())

        let all =
            if multicrop = 0 then
                large
            else
                let halves = large.chunk (2L, 0L)
                let mean = Scalars.add halves[0] halves[1] |> Scalars.multiply 0.5
                torch.cat (Array.append [| large |] (Array.create multicrop mean), 0L)

        (Scalars.maskedFill (Scalars.less threshold all) 0.0 all).MoveToOuterDisposeScope()
