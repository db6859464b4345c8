module Paws.Tests.Model.ReferenceProps

open System
open Expecto
open MathNet.Numerics.LinearAlgebra
open TorchSharp
open Paws.Laws
open Paws.Model
open Paws.Reference

let private matrix (x: torch.Tensor) =
    Matrix<float>.Build.DenseOfRowMajor(int x.shape[0], int x.shape[1], x.data<float>().ToArray())

let private vector (x: torch.Tensor) =
    Vector<float>.Build.DenseOfArray(x.data<float>().ToArray())

let private tensor (m: Matrix<float>) : torch.Tensor =
    torch.tensor(m.ToRowMajorArray(), dtype = torch.float64).reshape(int64 m.RowCount, int64 m.ColumnCount)

/// A matrix of ours against one of the reference's.
let private same what (expected: Matrix<float>) (actual: torch.Tensor) =
    Must.agreeWithin 1e-9 what (tensor expected) actual

/// A number of ours against one of the reference's.
let private number what (expected: float) (actual: torch.Tensor) =
    Must.agreeWithin 1e-9 what (torch.tensor (expected, dtype = torch.float64)) actual

let private views count (x: torch.Tensor) =
    x.chunk (int64 count, 0L) |> Array.map matrix

let private distributions (s: Setting) seed rows =
    Draw.distributions (Random(s.Seed + seed)) rows s.Classes

let private options (s: Setting) =
    PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

let private laws = [
    Law.always "cross-entropy and entropy" (fun s ->
        let t, p = distributions s 0 s.AnchorRows, distributions s 1 s.AnchorRows
        let rows = Seq.zip ((matrix t).EnumerateRows()) ((matrix p).EnumerateRows())

        let expected =
            rows |> Seq.map (fun (t, p) -> Distributions.crossEntropy t p) |> Seq.toArray

        Must.agree "H(t, p)" (torch.tensor (expected, dtype = torch.float64)) (Numerics.crossEntropy t p)

        let expected =
            (matrix p).EnumerateRows() |> Seq.map Distributions.entropy |> Seq.toArray

        Must.agree "H(p)" (torch.tensor (expected, dtype = torch.float64)) (Numerics.entropy p))

    Law.always "sharpening" (fun s ->
        let p = distributions s 0 s.AnchorRows
        let expected = Distributions.mapRows (Distributions.sharpen s.Sharpen) (matrix p)
        same "ρ" expected (Sharpening.sharpen s.Sharpen p))

    Law.always "soft nearest neighbours" (fun s ->
        let expected =
            Classifier.classify s.Temperature (matrix s.Supports) (matrix s.Labels) (matrix s.Anchors)

        same "π" expected (SoftNearestNeighbours.classify s.Temperature s.Supports s.Labels s.Anchors))

    Law.always "top-k" (fun s ->
        let p = distributions s 0 s.AnchorRows
        let labels = Array.init s.AnchorRows (fun i -> (i + s.Seed) % s.Classes)
        let ours = torch.tensor (Array.map int64 labels, dtype = torch.int64)

        for k in 1 .. s.Classes do
            Must.equal $"top-{k}" (Classifier.topK k (matrix p) labels) (SoftNearestNeighbourClassifier.topK k p ours))

    Law.always "label matrices" (fun s ->
        for unique in [ false; true ] do
            LabelMatrix.create s.Classes s.ImagesPerClass s.Workers unique s.Smoothing
            |> same "labels" (Classifier.labels s.Classes s.ImagesPerClass s.Workers unique s.Smoothing))

    Law.always "ME-Max, with and without a class prior" (fun s ->
        let p = distributions s 0 s.AnchorRows
        let prior = (distributions s 1 1).squeeze 0L
        let mean = Distributions.mean (matrix p)
        number "ME-Max" (Distributions.meMax mean) (p |> MeMax.meanPrediction id |> MeMax.regulariser)

        p
        |> MeMax.meanPrediction id
        |> MeMax.towards prior
        |> number "with a prior" (Distributions.meMaxTowards (vector prior) mean))

    Law.always "the PAWS objective" (fun s ->
        let crossEntropy, meMax =
            Objective.paws
                s.Temperature
                s.Sharpen
                (views (2 + s.SmallViews) s.Anchors)
                (matrix s.Supports)
                (matrix s.Labels)
                (views 2 (Targets.swap s.Targets))
                (matrix s.TargetSupports)

        let ours =
            PawsLoss.evaluate (options s) s.Anchors s.Supports s.Labels s.Targets s.TargetSupports

        number "cross-entropy" crossEntropy ours.CrossEntropy
        number "ME-Max" meMax ours.MeMax
        number "total" (crossEntropy + meMax) ours.Total)

    Law.always "PAWS + SuNCEt" (fun s ->
        // As for SuNCEt alone.
        let s = {
            s with
                ImagesPerClass = s.ImagesPerClass + 1
        }

        let crossEntropy, meMax, term =
            Objective.pawsSuncet
                0.7
                0.2
                s.Temperature
                s.Sharpen
                (views (2 + s.SmallViews) s.Anchors)
                (matrix s.Supports)
                (matrix s.Labels)
                (views 2 (Targets.swap s.Targets))
                (matrix s.TargetSupports)

        let ours =
            PawsLoss.evaluate ((options s).WithSuncet(0.7, 0.2)) s.Anchors s.Supports s.Labels s.Targets s.TargetSupports

        number "term" term ours.Support
        number "total" (crossEntropy + meMax + term) ours.Total)

    Law.always "the PAWS objective of distributions, with weights" (fun s ->
        let p, t = distributions s 0 s.AnchorRows, distributions s 1 (2 * s.Images)
        let weights = Array.init s.Images (fun i -> 0.5 + float i)

        let crossEntropy, meMax =
            Objective.ofPredictions s.Sharpen weights (views (2 + s.SmallViews) p) (views 2 (Targets.swap t))

        let ours =
            PawsLoss.ofPredictions (options s) (Some(torch.tensor (weights, dtype = torch.float64))) p t

        number "cross-entropy" crossEntropy ours.CrossEntropy
        number "ME-Max" meMax ours.MeMax)

    Law.always "the PAWS objective of a batch" (fun s ->
        let z = torch.cat ([| s.Supports; s.Anchors |], 0L)
        let anchors = views (2 + s.SmallViews) s.Anchors

        let crossEntropy, meMax =
            Objective.paws s.Temperature s.Sharpen anchors (matrix s.Supports) (matrix s.Labels) anchors[0..1] (matrix s.Supports)

        let ours =
            PawsLoss.ofBatch (options s) s.SupportRows s.Images s.SmallViews s.Labels z z

        number "total" (crossEntropy + meMax) ours.Total)

    Law.always "SuNCEt" (fun s ->
        // A class with one image has probability 0 there: the reference then says ∞, ours the largest logarithm of the type.
        let s = {
            s with
                ImagesPerClass = s.ImagesPerClass + 1
        }

        SuncetLoss.evaluate s.Temperature s.Supports s.Labels
        |> number "loss" (Contrastive.suncet s.Temperature (matrix s.Supports) (matrix s.Labels)))

    Law.always "NT-Xent, both forms" (fun s ->
        let expected = Contrastive.ntXent s.Temperature (matrix s.Targets)
        number "loss" expected (NtXentLoss.evaluate s.Temperature s.Targets)
        number "detached" expected (NtXentLoss.evaluateDetachedNegatives s.Temperature s.Targets))

    // Not at zero rows, which have no direction: 2 − 2 cos counts them as at right angles.
    Law.regular "BYOL" (fun s ->
        let p, z = s.Targets, s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
        number "loss" (Family.byol (matrix p) (matrix z)) (ByolLoss.evaluate p z))

    Law.always "SwAV, and its assignments" (fun s ->
        let scores = Classifier.cosines (matrix s.Anchors) (matrix s.Supports)
        same "assignments" (Family.assign 0.1 3 scores) (SwavLoss.assign 0.1 3 (tensor scores))

        SwavLoss.evaluate (SwavLossOptions.Create(s.Temperature, 0.1, 3)) s.SmallViews s.Supports s.Anchors
        |> number "loss" (Family.swav s.Temperature 0.1 3 (matrix s.Supports) (views (2 + s.SmallViews) s.Anchors)))

    Law.always "RoPAWS's targets" (fun s ->
        let expected, mass =
            Family.ropaws s.Temperature 0.5 5.0 (matrix s.Supports) (matrix s.Labels) (matrix s.Targets)

        let ours =
            Ropaws.targets (RopawsOptions.Create(s.Temperature, 0.5, 5.0, 1.0)) s.Supports s.Labels s.Targets

        same "P" expected ours.Predictions
        same "mass" (mass.ToRowMatrix()) (ours.InDomain.unsqueeze 0L))

    Law.always "distillation" (fun s ->
        let t, student =
            Draw.gaussian s.Random s.AnchorRows s.Classes, Draw.gaussian (Random(s.Seed + 1)) s.AnchorRows s.Classes

        DistillationLoss.evaluate s.Temperature t student
        |> number "loss" (Family.distillation s.Temperature (matrix t) (matrix student)))

    Law.always "FixMatch" (fun s ->
        let weak = Draw.gaussian s.Random s.AnchorRows s.Classes |> Scalars.multiply 3.0
        let strong = Draw.gaussian (Random(s.Seed + 1)) s.AnchorRows s.Classes
        let loss, share = Family.fixMatch 0.7 (matrix weak) (matrix strong)
        let ours = FixMatchLoss.evaluate 0.7 weak strong
        number "loss" loss ours.Loss
        number "share" share ours.Confident)
]

[<Tests>]
let tests = laws |> Law.toTests "Model.Losses agree with the reference"
