module Paws.Tests.Model.LossesTests

open System.Text.Json.Nodes
open Expecto
open MathNet.Numerics.LinearAlgebra
open TorchSharp
open Paws.Model
open Paws.Tests

let private close name (expected: torch.Tensor) (actual: torch.Tensor) =
    Expect.equal (List.ofSeq actual.shape) (List.ofSeq expected.shape) $"{name}: shape"
    Expect.isLessThanOrEqual (Golden.relativeError expected actual) 1e-10 $"{name}: relative error"

let private closeNumber name (expected: JsonNode) (actual: torch.Tensor) =
    close name (torch.tensor (Golden.number expected, dtype = torch.float64)) actual

let private leaf (node: JsonNode) = (Golden.matrix node).requires_grad_()

let private name (case: JsonObject) = $"""{case["kind"]} {case["name"]}"""

let private paws (case: JsonObject) () =
    use scope = torch.NewDisposeScope()
    let expected = case["expected"]

    let options =
        PawsLossOptions.Create(Golden.number case["tau"], Golden.number case["sharpen"], case["me_max"].GetValue<bool>())

    let anchors, supports = leaf case["anchor_views"], leaf case["anchor_supports"]

    let targets, targetSupports =
        leaf case["target_views"], leaf case["target_supports"]

    let labels = Golden.matrix case["support_labels"]

    let result =
        PawsLoss.evaluate options anchors supports labels targets targetSupports

    result.Total.backward ()
    closeNumber "cross-entropy" expected["cross_entropy"] result.CrossEntropy
    closeNumber "ME-Max" expected["me_max"] result.MeMax
    closeNumber "total" expected["total"] result.Total
    close "gradient of the anchors" (Golden.matrix expected["grad_anchor_views"]) anchors.grad
    close "gradient of the supports" (Golden.matrix expected["grad_anchor_supports"]) supports.grad
    Expect.isTrue (isNull targets.grad && isNull targetSupports.grad) "no gradient through targets"

/// PAWS + SuNCEt against numbers of the second implementation, which are checked against it as well: nobody publishes this objective.
let private pawsSuncet (case: JsonObject) () =
    use scope = torch.NewDisposeScope()
    let number (key: string) = Golden.number case[key]
    let expected (key: string) = Golden.number case["expected"].[key]
    let rows (key: string) = Golden.matrix case[key]

    let result =
        PawsLoss.evaluate
            (PawsLossOptions
                .Create(number "tau", number "sharpen", case["me_max"].GetValue<bool>())
                .WithSuncet(number "weight", number "term_tau"))
            (rows "anchor_views")
            (rows "anchor_supports")
            (rows "support_labels")
            (rows "target_views")
            (rows "target_supports")

    let plain (x: torch.Tensor) =
        Matrix<float>.Build.DenseOfRowMajor(int x.shape[0], int x.shape[1], x.data<float>().ToArray())

    let views count (x: torch.Tensor) =
        x.chunk (int64 count, 0L) |> Array.map plain

    let crossEntropy, meMax, term =
        Paws.Reference.Objective.pawsSuncet
            (number "weight")
            (number "term_tau")
            (number "tau")
            (number "sharpen")
            (views (2 + case["multicrop"].GetValue<int>()) (rows "anchor_views"))
            (plain (rows "anchor_supports"))
            (plain (rows "support_labels"))
            (views 2 (Targets.swap (rows "target_views")))
            (plain (rows "target_supports"))

    for name, value, reference, ours in
        [
            "cross_entropy", expected "cross_entropy", crossEntropy, result.CrossEntropy
            "me_max", expected "me_max", meMax, result.MeMax
            "support", expected "support", term, result.Support
            "total", expected "total", crossEntropy + meMax + term, result.Total
        ] do
        Expect.isLessThanOrEqual (abs (reference - value)) 1e-12 $"{name} of the reference"
        Expect.isLessThanOrEqual (abs (Scalars.value ours - value)) 1e-12 name

let private ofEmbeddings loss (case: JsonObject) () =
    use scope = torch.NewDisposeScope()
    let embeddings = leaf case["embeddings"]
    let value: torch.Tensor = loss (Golden.number case["tau"]) embeddings
    value.backward ()
    closeNumber "loss" case["expected"].["loss"] value
    close "gradient" (Golden.matrix case["expected"].["grad"]) embeddings.grad

let private ofKind (case: JsonObject) =
    match case["kind"].GetValue<string>() with
    | "paws" -> paws case
    | "suncet" -> ofEmbeddings (fun tau z -> SuncetLoss.evaluate tau z (Golden.matrix case["labels"])) case
    | "simclr_detached_negatives" -> ofEmbeddings NtXentLoss.evaluateDetachedNegatives case
    | other -> failtest $"no test for golden cases of kind {other}"

let private labelMatrix (case: JsonObject) () =
    use scope = torch.NewDisposeScope()
    let int (key: string) = case[key].GetValue<int>()

    LabelMatrix.create
        (int "classes_per_rank")
        (int "images_per_class")
        (int "world_size")
        (case["unique_classes"].GetValue<bool>())
        (Golden.number case["smoothing"])
    |> close "labels" (Golden.matrix case["expected"])

let private labels (node: JsonNode) =
    torch.tensor (Golden.vector node |> Array.map int64, dtype = torch.int64)

let private classifier (case: JsonObject) () =
    use scope = torch.NewDisposeScope()
    let expected = case["expected"]

    let probabilities =
        SoftNearestNeighbourClassifier.probabilities
            (Golden.number case["tau"])
            (case["classes"].GetValue<int>())
            (Golden.matrix case["support"])
            (labels case["support_labels"])
            (Golden.matrix case["queries"])

    let accuracy k =
        SoftNearestNeighbourClassifier.topK k probabilities (labels case["query_labels"])

    close "probabilities" (Golden.matrix expected["probabilities"]) probabilities
    Expect.equal (accuracy 1) (Golden.number expected["top1"]) "top-1"
    Expect.equal (accuracy 5) (Golden.number expected["top5"]) "top-5"

let private goldenOf file test =
    Golden.cases file
    |> List.mapi (fun i case -> testCase (if isNull case["name"] then $"case {i}" else name case) (test case))

[<Tests>]
let tests =
    testList "Model.Losses" [
        testList "golden losses" (goldenOf "losses.json" ofKind)
        testList "golden PAWS + SuNCEt" (goldenOf "support_term.json" pawsSuncet)
        testList "golden label matrices" (goldenOf "label_matrices.json" labelMatrix)
        testList "golden soft nearest neighbours" (goldenOf "soft_nn_eval.json" classifier)
    ]
