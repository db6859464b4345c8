namespace Paws.Consumer

open TorchSharp
open Paws.Model

/// An objective of one's own, written out: PAWS with half the weight on mean-entropy maximisation.
[<RequireQualifiedAccess>]
module HalfMeMax =

    /// The objective at τ = temperature and T = sharpen. asConstant: what stops the gradient at the targets, [n,k] → [n,k].
    let evaluate (asConstant: torch.Tensor -> torch.Tensor) (temperature: float) (sharpen: float) (step: PawsStep) : PawsLossResult =
        let classify supports queries =
            SoftNearestNeighbours.classify temperature supports step.Labels queries

        let predictions = classify step.Supports step.Anchors

        let large =
            classify step.TargetSupports step.Targets
            |> asConstant
            |> Sharpening.sharpen sharpen

        let halves = large.chunk (2L, 0L)
        let mean = Scalars.add halves[0] halves[1] |> Scalars.multiply 0.5

        let targets =
            torch.cat (Array.append [| large |] (Array.create step.SmallViews mean), 0L)

        let crossEntropy = (Numerics.crossEntropy targets predictions).mean()

        let meMax =
            (Sharpening.sharpen sharpen predictions).mean [| 0L |]
            |> MeMax.regulariser
            |> Scalars.multiply 0.5

        {
            Total = Scalars.add crossEntropy meMax
            CrossEntropy = crossEntropy
            MeMax = meMax
            Support = torch.zeros_like crossEntropy
            TargetConfidence = large.detach().amax([| 1L |]).mean()
            Predictions = predictions
            Targets = targets.detach ()
        }
