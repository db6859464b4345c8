module Paws.Tests.Model.ClassifyProps

open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private setting (case: LossCase) random =
    Draw.gaussian random case.Supports case.Dim, Draw.labels case, Draw.gaussian random (2 * case.Batch) case.Dim

let private permuteRows (order: torch.Tensor) (x: torch.Tensor) = x.index_select (0L, order)

let private scaleRows random (x: torch.Tensor) =
    x * (Draw.gaussian random (int x.shape[0]) 1).exp()

let private oneHot (labels: torch.Tensor) classes =
    torch.nn.functional.one_hot(labels, int64 classes).to_type torch.float64

let private laws = [
    Law.forall "predictions are distributions" (fun case random ->
        let supports, labels, queries = setting case random
        let p = SoftNearestNeighbours.classify case.Temperature supports labels queries
        Law.close "sum" (torch.ones (2L * int64 case.Batch, dtype = torch.float64)) (p.sum 1L)
        Expect.isGreaterThanOrEqual (p.min().ToDouble()) 0.0 "no negative probability")

    Law.forall "the definition, one number at a time" (fun case random ->
        let supports, labels, queries = setting case random

        let rows (x: torch.Tensor) =
            Array.init (int x.shape[0]) (fun i -> x[int64 i].data<double>().ToArray())

        let norm v = sqrt (Array.sumBy (fun a -> a * a) v)

        let cosine a b =
            Array.fold2 (fun sum x y -> sum + x * y) 0.0 a b / norm a / norm b

        let expected =
            rows queries
            |> Array.map (fun query ->
                let weights =
                    rows supports
                    |> Array.map (fun support -> exp (cosine query support / case.Temperature))

                Array.init case.Classes (fun k ->
                    (Array.map2 (fun w (label: float[]) -> w * label[k]) weights (rows labels)
                     |> Array.sum)
                    / Array.sum weights))

        SoftNearestNeighbours.classify case.Temperature supports labels queries
        |> Law.close "π" (torch.tensor(Array.concat expected, dtype = torch.float64).reshape(int64 expected.Length, -1L)))

    Law.forall "supports are a set: neither their order nor repeating all of them matters" (fun case random ->
        let supports, labels, queries = setting case random

        let classify s y =
            SoftNearestNeighbours.classify case.Temperature s y queries

        let order = Draw.permutation random case.Supports
        let expected = classify supports labels
        Law.close "order" expected (classify (permuteRows order supports) (permuteRows order labels))
        Law.close "twice" expected (classify (torch.cat [| supports; supports |]) (torch.cat [| labels; labels |])))

    Law.forall "only directions matter: neither lengths nor a rotation of the space" (fun case random ->
        let supports, labels, queries = setting case random
        let rotation = Draw.rotation random case.Dim

        let classify s q =
            SoftNearestNeighbours.classify case.Temperature s labels q

        let expected = classify supports queries
        Law.close "lengths" expected (classify (scaleRows random supports) (scaleRows random queries))
        Law.close "rotation" expected (classify (supports.mm rotation) (queries.mm rotation)))

    Law.forall "predictions follow the order of queries and of classes" (fun case random ->
        let supports, labels, queries = setting case random

        let classify y q =
            SoftNearestNeighbours.classify case.Temperature supports y q

        let queryOrder = Draw.permutation random (2 * case.Batch)
        let classOrder = Draw.permutation random case.Classes
        let expected = classify labels queries
        Law.close "queries" (permuteRows queryOrder expected) (classify labels (permuteRows queryOrder queries))
        Law.close "classes" (expected.index_select (1L, classOrder)) (classify (labels.index_select (1L, classOrder)) queries))

    Law.forall "evaluation equals the classifier with one-hot labels, in chunks of any size" (fun case random ->
        let supports, _, queries = setting case random

        let labels =
            torch.tensor (Array.init case.Supports (fun _ -> int64 (random.Next case.Classes)), dtype = torch.int64)

        let expected =
            SoftNearestNeighbours.classify case.Temperature supports (oneHot labels case.Classes) queries

        let inChunks size =
            SoftNearestNeighbourClassifier.probabilitiesInChunks size case.Temperature case.Classes supports labels queries

        SoftNearestNeighbourClassifier.probabilities case.Temperature case.Classes supports labels queries
        |> Law.close "whole" expected

        for size in [ 1L; int64 (2 * case.Supports); int64 (3 * case.Supports + 1) ] do
            Law.close $"{size} at a time" expected (inChunks size))

    Law.forall "top-k grows with k up to 1, and counts the rows whose label is among the k first" (fun case random ->
        let p = Draw.distributions random 20 case.Classes

        let labels =
            torch.tensor (Array.init 20 (fun _ -> int64 (random.Next case.Classes)), dtype = torch.int64)

        let accuracies = [
            for k in 1 .. case.Classes + 1 -> SoftNearestNeighbourClassifier.topK k p labels
        ]

        Expect.equal accuracies (List.sort accuracies) "grows"
        Expect.equal (List.skip (case.Classes - 1) accuracies) [ 1.0; 1.0 ] "all classes"

        for k in 1 .. case.Classes do
            let struct (_, best) = p.topk (k, 1)
            let hits = best.eq(labels.unsqueeze 1L).any(1L).sum().ToInt64()
            Expect.floatClose Accuracy.veryHigh accuracies[k - 1] (float hits / 20.0) $"top-{k}")
]

let private examples = [
    testCase "a classifier that says nothing is right by its first class only" (fun () ->
        use scope = torch.NewDisposeScope()
        let p = Draw.constant 4 4 0.25
        let labels = torch.tensor ([| 0L; 0L; 0L; 2L |], dtype = torch.int64)
        Expect.equal (SoftNearestNeighbourClassifier.topK 1 p labels) 0.75 "top-1"
        Expect.equal (SoftNearestNeighbourClassifier.topK 2 p labels) 0.75 "top-2"
        Expect.equal (SoftNearestNeighbourClassifier.topK 3 p labels) 1.0 "top-3"
        let broken = Draw.constant 4 4 nan
        Expect.equal (SoftNearestNeighbourClassifier.topK 4 broken labels) 0.0 "not a number is wrong")

    testCase "classify leaves one tensor behind" (fun () ->
        use scope = torch.NewDisposeScope()

        let supports, labels, queries =
            torch.ones (2L, 3L), torch.eye 2L, torch.ones (4L, 3L)

        let before = scope.DisposablesCount
        SoftNearestNeighbours.classify 0.1 supports labels queries |> ignore
        Expect.equal (scope.DisposablesCount - before) 1 "tensors left"
        Expect.isFalse supports.IsInvalid "arguments stay")

    testCase "degenerate embeddings in float32 give finite predictions and gradients" (fun () ->
        use scope = torch.NewDisposeScope()

        let rows = [|
            0.0f
            0.0f
            1e-30f
            0.0f
            1e18f
            -1e18f
            1.0f
            2.0f
            1.0f
            2.0f
            -3.0f
            1e-20f
        |]

        let x = torch.tensor(rows).reshape(6L, 2L).requires_grad_()
        let labels = LabelMatrix.create 2 3 1 false 0.0
        let p = SoftNearestNeighbours.classify 0.01 x (labels.to_type torch.float32) x
        (Numerics.crossEntropy (p.detach().flip 1L) p).sum().backward()
        Law.finite "prediction" p
        Law.finite "gradient" x.grad)
]

[<Tests>]
let tests = testList "Model.Losses.Classify" (laws @ examples)
