module Paws.Tests.Model.LossesRefusalsTests

open System
open Expecto
open TorchSharp
open Paws.Model

let private message f =
    try
        f () |> ignore
        failtest "should have been refused"
    with :? ArgumentException as e ->
        e.Message

let private refused name (expected: string) f =
    testCase name (fun () ->
        use scope = torch.NewDisposeScope()
        Expect.equal (message f) expected "message")

let private x (rows: int) = torch.ones (int64 rows, 4L)

let private labels rows = torch.ones (int64 rows, 3L)

let private paws () = PawsLossOptions.Create(0.1, 0.25, true)

let private options = [
    refused "PAWS: temperature" "temperature must be in (0, ∞), got -1" (fun () -> PawsLossOptions.Create(-1.0, 0.25, true))
    refused "PAWS: not a number" "temperature must be in (0, ∞), got NaN" (fun () -> PawsLossOptions.Create(nan, 0.25, true))
    refused "PAWS: sharpen" "sharpen must be in (0, 1], got 1.5" (fun () -> PawsLossOptions.Create(0.1, 1.5, true))
    refused "SwAV: epsilon" "epsilon must be in (0, ∞), got 0" (fun () -> SwavLossOptions.Create(0.1, 0.0, 3))
    refused "SwAV: rounds" "iterations must be at least 1, got 0" (fun () -> SwavLossOptions.Create(0.1, 0.05, 0))
    refused "RoPAWS: label ratio" "label ratio must be in (0, ∞), got 0" (fun () -> RopawsOptions.Create(0.1, 3.0, 0.0, 1.0))
    refused "RoPAWS: prior power" "prior power must be in [0, ∞), got -1" (fun () -> RopawsOptions.Create(0.1, 3.0, 5.0, -1.0))
    refused "FixMatch: threshold" "threshold must be in (0, 1], got 2" (fun () -> FixMatchLoss.evaluate 2.0 (x 2) (x 2))
    refused "labels: smoothing" "label smoothing must be in [0, 1), got 1" (fun () -> LabelMatrix.create 2 1 1 false 1.0)
]

let private shapes = [
    refused "PAWS: rows of the batch" "z must have 14 rows, got 13" (fun () -> PawsLoss.ofBatch (paws ()) 6 2 2 (labels 6) (x 13) (x 13))

    refused "PAWS: rows of labels" "supportLabels must have 5 rows, got 6" (fun () ->
        PawsLoss.ofBatch (paws ()) 5 2 2 (labels 6) (x 13) (x 13))

    refused "PAWS: rows before the head" "h must have at least 10 rows (supports and two large views), got 9" (fun () ->
        PawsLoss.ofBatch (paws ()) 6 2 2 (labels 6) (x 14) (x 9))

    refused "PAWS: views" "anchorViews must hold 2 + multicrop views and targetViews 2 of each image, got 7 and 4 rows" (fun () ->
        PawsLoss.evaluate (paws ()) (x 7) (x 6) (labels 6) (x 4) (x 6))

    refused "PAWS: weights" "weights must be a vector of 2, got 3" (fun () ->
        PawsLoss.ofPredictions (paws ()) (Some(torch.ones 3L)) (labels 4) (labels 4))

    refused "classifier: widths" "queries must be as wide as supports: 3 and 4 columns" (fun () ->
        SoftNearestNeighbours.classify 0.1 (x 6) (labels 6) (labels 2))

    refused "classifier: dimensions" "queries must be a matrix, got 1 dimensions" (fun () ->
        SoftNearestNeighbours.classify 0.1 (x 6) (labels 6) (torch.ones 4L))

    refused "targets: odd rows" "predictions must hold two views of each image, got 3 rows" (fun () -> Targets.create id 0 (labels 3))

    refused "ME-Max: prior" "prior must be a vector of 3, got 2" (fun () -> MeMax.towards (torch.ones 2L) (torch.ones 3L))

    refused "ME-Max: mean" "meanPrediction must be a vector, got 2 dimensions" (fun () -> MeMax.towards (torch.ones 2L) (labels 2))

    refused "NT-Xent: odd rows" "embeddings must hold two views of each image, got 3 rows" (fun () -> NtXentLoss.evaluate 0.1 (x 3))

    refused "SuNCEt: one row" "rows of embeddings must be at least 2, got 1" (fun () -> SuncetLoss.evaluate 0.1 (x 1) (labels 1))

    refused "BYOL: odd rows" "predictions must hold two views of each image, got 3 rows" (fun () -> ByolLoss.evaluate (x 3) (x 3))

    refused "SwAV: rows" "views must hold 3 views of each image, got 4 rows" (fun () ->
        SwavLoss.evaluate (SwavLossOptions.Create(0.1, 0.05, 3)) 1 (x 2) (x 4))

    refused "RoPAWS: weights" "inDomain must be a vector with two views of each image" (fun () ->
        Ropaws.weights (RopawsOptions.Create(0.1, 3.0, 5.0, 1.0)) (torch.ones 3L))

    refused "distillation: rows" "student must have 2 rows, got 3" (fun () -> DistillationLoss.evaluate 0.1 (x 2) (x 3))

    refused "evaluation: labels" "supportLabels must hold one label for each of the 6 supports" (fun () ->
        SoftNearestNeighbourClassifier.probabilities 0.1 3 (x 6) (torch.zeros (5L, dtype = torch.int64)) (x 2))

    refused "grad: not one number" "the function must return one number, got a tensor of shape [2,4]" (fun () ->
        Differentiate.grad id (x 2))

    refused "jacobianv: shapes" "v must have the shape of x, [2,4], got [3,4]" (fun () -> Differentiate.jacobianv id (x 2) (x 3))

    refused "diff: a vector" "diff takes a function of one number; x has 8 (use grad or jacobianv)" (fun () -> Differentiate.diff id (x 2))

    refused "checkGradient: float32" "checkGradient needs float64, where differences mean something; got Float32" (fun () ->
        Differentiate.checkGradient _.sum() (x 2))
]

let private scopes = [
    testCase "a loss leaves only what it returns behind" (fun () ->
        use scope = torch.NewDisposeScope()
        let leaf = (x 8).requires_grad_()
        let y = labels 6
        let supports = x 6

        let left name count f =
            let before = scope.DisposablesCount
            f () |> ignore
            Expect.equal (scope.DisposablesCount - before) count name
            Expect.isFalse leaf.IsInvalid "arguments stay"

        left "classify" 1 (fun () -> SoftNearestNeighbours.classify 0.1 supports y leaf :> obj)
        left "PAWS" 7 (fun () -> PawsLoss.evaluate (paws ()) leaf supports y leaf supports :> obj)
        left "PAWS + SuNCEt" 7 (fun () -> PawsLoss.evaluate ((paws ()).WithSuncet(0.5, 0.1)) leaf supports y leaf supports :> obj)
        left "SuNCEt" 1 (fun () -> SuncetLoss.evaluate 0.1 supports y :> obj)
        left "NT-Xent" 1 (fun () -> NtXentLoss.evaluate 0.1 leaf :> obj)
        left "BYOL" 1 (fun () -> ByolLoss.evaluate leaf leaf :> obj)
        left "SwAV" 1 (fun () -> SwavLoss.evaluate (SwavLossOptions.Create(0.1, 0.05, 3)) 2 supports leaf :> obj)
        left "RoPAWS" 2 (fun () -> Ropaws.targets (RopawsOptions.Create(0.1, 3.0, 5.0, 1.0)) supports y leaf :> obj)
        left "distillation" 1 (fun () -> DistillationLoss.evaluate 0.1 leaf leaf :> obj)
        left "FixMatch" 2 (fun () -> FixMatchLoss.evaluate 0.5 leaf leaf :> obj)
        left "grad" 1 (fun () -> Differentiate.grad _.sum() leaf :> obj))
]

[<Tests>]
let tests = testList "Model.Losses.Refusals" (options @ shapes @ scopes)
