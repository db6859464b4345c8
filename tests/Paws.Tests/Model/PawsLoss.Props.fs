module Paws.Tests.Model.PawsLossProps

open System
open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private options (case: LossCase) =
    PawsLossOptions.Create(case.Temperature, case.Sharpen, true)

let private anchorRows (case: LossCase) = (2 + case.Multicrop) * case.Batch

let private leaf (x: torch.Tensor) = x.detach().clone().requires_grad_()

/// Anchors, anchor supports, labels, targets, target supports.
let private parts (case: LossCase) random =
    let draw rows =
        Draw.gaussian random rows case.Dim |> leaf

    draw (anchorRows case), draw case.Supports, Draw.labels case, draw (2 * case.Batch), draw case.Supports

/// (value, gradients) of a function of tensors.
let private gradients (f: torch.Tensor list -> torch.Tensor) (inputs: torch.Tensor list) =
    let leaves = List.map leaf inputs
    let value = f leaves
    value.backward ()
    value.detach (), leaves |> List.map (fun x -> x.grad)

/// The derivative along a random direction against the central difference.
let private agreesWithDifferences random name (f: torch.Tensor -> torch.Tensor) (x: torch.Tensor) =
    let _, grads = gradients (List.head >> f) [ x ]
    let direction = Draw.gaussian random (int x.shape[0]) (int x.shape[1])
    let h = 1e-6

    let at (step: float) =
        (f (x.detach () + Scalars.multiply step direction)).ToDouble()

    let expected = (at h - at -h) / (2.0 * h)
    let actual = (grads.Head * direction).sum().ToDouble()
    Expect.isLessThan (abs (expected - actual)) (1e-5 * max 1.0 (abs expected)) name

let private objective = [
    Law.forall "the total is the cross-entropy plus ME-Max, each in its range; confidence is a probability" (fun case random ->
        let anchors, supports, labels, targets, targetSupports = parts case random

        let result =
            PawsLoss.evaluate (options case) anchors supports labels targets targetSupports

        Law.close "sum" (result.CrossEntropy + result.MeMax) result.Total
        Expect.isGreaterThanOrEqual (result.CrossEntropy.ToDouble()) 0.0 "cross-entropy"
        Expect.isGreaterThanOrEqual (result.MeMax.ToDouble()) (-log(float case.Classes) - 1e-12) "ME-Max"
        Expect.isGreaterThanOrEqual (result.TargetConfidence.ToDouble()) (1.0 / float case.Classes - 1e-12) "at least uniform"
        Expect.isLessThanOrEqual (result.TargetConfidence.ToDouble()) (1.0 + 1e-12) "at most certain"
        Expect.isFalse result.TargetConfidence.requires_grad "detached")

    Law.forall "gradient passes through anchors and their supports, and never through targets" (fun case random ->
        let anchors, supports, labels, targets, targetSupports = parts case random

        let result =
            PawsLoss.evaluate (options case) anchors supports labels targets targetSupports

        result.Total.backward ()
        Expect.isGreaterThan (anchors.grad.abs().sum().ToDouble()) 0.0 "anchors"
        Expect.isGreaterThan (supports.grad.abs().sum().ToDouble()) 0.0 "supports"
        Expect.isTrue (isNull targets.grad && isNull targetSupports.grad) "targets"
        Expect.isFalse result.Targets.requires_grad "targets are constants")

    Law.forall "gradients agree with central differences" (fun case random ->
        let anchors, supports, labels, targets, targetSupports = parts case random

        let total a s =
            (PawsLoss.evaluate (options case) a s labels targets targetSupports).Total

        agreesWithDifferences random "anchors" (fun a -> total a supports) anchors
        agreesWithDifferences random "supports" (total anchors) supports)

    Law.forall "float32 is near float64" (fun case random ->
        let case = {
            case with
                Temperature = max 0.1 case.Temperature
        }

        let anchors, supports, labels, targets, targetSupports = parts case random

        let value (dtype: torch.ScalarType) =
            let t (x: torch.Tensor) = x.to_type dtype

            (PawsLoss.evaluate (options case) (t anchors) (t supports) (t labels) (t targets) (t targetSupports)).Total.to_type
                torch.float64

        // A target probability beside the threshold of 1e-4 may fall on either side of it: that is worth up to
        // 1e-4 · log(1/p) a row.
        Law.closeWithin 2e-3 "total" (value torch.float64) (value torch.float32))
]

let private batches = [
    Law.forall "ofBatch with a prediction head equals evaluate, value and gradients" (fun case random ->
        let s, b = int64 case.Supports, int64 case.Batch
        let z = Draw.gaussian random (case.Supports + anchorRows case) case.Dim
        let all = Draw.gaussian random (case.Supports + anchorRows case) case.Dim

        let h =
            all.narrow (0L, 0L, (if random.Next 2 = 0 then all.shape[0] else s + 2L * b))
            |> leaf

        let labels = Draw.labels case

        let value, grads =
            gradients (fun x -> (PawsLoss.ofBatch (options case) case.Supports case.Batch case.Multicrop labels x[0] h).Total) [ z ]

        let expected, expectedGrads =
            gradients
                (fun x ->
                    (PawsLoss.evaluate
                        (options case)
                        (x[0].narrow(0L, s, x[0].shape[0] - s))
                        (x[0].narrow(0L, 0L, s))
                        labels
                        (torch.cat [| h.narrow (0L, s + b, b); h.narrow (0L, s, b) |])
                        (h.narrow (0L, 0L, s)))
                        .Total)
                [ z ]

        Law.close "value" expected value
        Law.close "gradient" expectedGrads.Head grads.Head
        Expect.isNull h.grad "no gradient through h")

    Law.forall "ofBatch without a head equals the slower way through a copy of the same embeddings" (fun case random ->
        let z = Draw.gaussian random (case.Supports + anchorRows case) case.Dim
        let labels = Draw.labels case

        let total h (z: torch.Tensor) =
            (PawsLoss.ofBatch (options case) case.Supports case.Batch case.Multicrop labels z (h z)).Total

        let value, grads = gradients (List.head >> total id) [ z ]

        let expected, expectedGrads =
            gradients (List.head >> total (fun z -> z.clone ())) [ z ]

        Law.close "value" expected value
        Law.close "gradient" expectedGrads.Head grads.Head)

    Law.forall "two workers with half the images and half the supports each equal one with all" (fun case random ->
        let labels =
            LabelMatrix.create case.Classes (2 * case.ImagesPerClass) 1 false case.Smoothing

        let views = 2 + case.Multicrop
        let supports = Array.init 2 (fun _ -> Draw.gaussian random case.Supports case.Dim)

        let images =
            Array.init 2 (fun _ -> Array.init views (fun _ -> Draw.gaussian random case.Batch case.Dim))

        let whole (x: torch.Tensor list) = torch.cat (List.toArray x)

        // One worker: both supports, then each view of both workers' images.
        let together =
            Array.append supports (Array.init views (fun v -> torch.cat [| images[0][v]; images[1][v] |]))
            |> List.ofArray
            |> whole

        let expected, expectedGrads =
            gradients
                (fun x -> (PawsLoss.ofBatch (options case) (2 * case.Supports) (2 * case.Batch) case.Multicrop labels x[0] x[0]).Total)
                [ together ]

        // Two workers: gathering keeps the gradient, and the averaged mean passes its gradient on unchanged.
        let alone =
            Array.init 2 (fun w -> whole (supports[w] :: List.ofArray images[w]) |> leaf)

        let rows w =
            (alone[w]: torch.Tensor).narrow(0L, 0L, int64 case.Supports)

        let means =
            Array.init 2 (fun w ->
                let anchors = alone[w].narrow(0L, int64 case.Supports, int64 (anchorRows case))

                SoftNearestNeighbours.classify case.Temperature (torch.cat [| rows 0; rows 1 |]) labels anchors
                |> Sharpening.sharpen case.Sharpen
                |> MeMax.meanPrediction id)

        let mean = (Scalars.divide 2.0 (means[0] + means[1])).detach()

        let workers = {
            GatherSupports = Func<_, _>(fun _ -> torch.cat [| rows 0; rows 1 |])
            AveragePrediction = Func<_, _>(fun own -> own + (mean - own).detach())
        }

        let totals =
            alone
            |> Array.map (fun z ->
                (PawsLoss.ofBatch ((options case).WithWorkers workers) case.Supports case.Batch case.Multicrop labels z z).Total)

        let total = totals[0] + totals[1] |> Scalars.divide 2.0
        total.backward ()
        Law.close "value" expected (total.detach ())

        let slices w =
            alone[w].grad.split(Array.append [| int64 case.Supports |] (Array.create views (int64 case.Batch)), 0L)

        let first, second = slices 0, slices 1

        let grads =
            [|
                yield first[0]
                yield second[0]

                for v in 1..views do
                    yield first[v]
                    yield second[v]
            |]
            |> torch.cat

        Law.close "gradient" expectedGrads.Head grads)
]

/// The loss as a function of the similarities of one row of collapsed embeddings, where all of them are equal.
let private similarityGradient (case: LossCase) (target: torch.Tensor) =
    let similarities =
        torch.ones(1L, int64 case.Supports, dtype = torch.float64).requires_grad_()

    let p =
        (Scalars.divide case.Temperature similarities).softmax(1L).mm(Draw.labels case)

    (Numerics.crossEntropy target p).sum().backward()
    similarities.grad.norm().ToDouble()

let private collapse = [
    Law.forall "collapsed similarities are not stationary under a target that is not uniform (Proposition 1)" (fun case random ->
        let target = Draw.distributions random 1 case.Classes

        let distance =
            (target - Draw.constant 1 1 (1.0 / float case.Classes)).norm().ToDouble()

        let gradient = similarityGradient case target
        // ‖∇‖ = distance · (1 − smoothing) / (τ √imagesPerClass), from dH/dsⱼ = (1 − K·t) (1 − smoothing) / (τ·s) at class of j.
        let expected =
            distance * (1.0 - case.Smoothing)
            / (case.Temperature * sqrt (float case.ImagesPerClass))

        Expect.floatClose Accuracy.high gradient expected "length of the gradient"
        Expect.isGreaterThan gradient 0.0 "not stationary")

    Law.forall "under a uniform target they are, and sharpening leaves it uniform" (fun case _ ->
        let uniform = Draw.constant 1 case.Classes (1.0 / float case.Classes)

        Expect.isLessThan (similarityGradient case (Sharpening.sharpen case.Sharpen uniform)) 1e-12 "stationary")

    Law.forall "nearly collapsed embeddings feel a gradient when the targets are not uniform" (fun case random ->
        let centre = Draw.gaussian random 1 case.Dim

        let near rows =
            centre + (Draw.gaussian random rows case.Dim |> Scalars.multiply 1e-3)

        let _, _, labels, targets, targetSupports = parts case random

        let _, grads =
            gradients (fun x -> (PawsLoss.evaluate (options case) x[0] x[1] labels targets targetSupports).CrossEntropy) [
                near (anchorRows case)
                near case.Supports
            ]

        Expect.isGreaterThan (grads[1].norm().ToDouble()) 1e-9 "supports")

    Law.forall "all embeddings equal: the value is finite, near zero, and so are the gradients" (fun case random ->
        let row = Draw.gaussian random 1 case.Dim
        let z = row.repeat (int64 (case.Supports + anchorRows case), 1L) |> leaf

        let result =
            PawsLoss.ofBatch (options case) case.Supports case.Batch case.Multicrop (Draw.labels case) z z

        result.Total.backward ()
        Law.close "log K − log K" (torch.zeros_like result.Total) result.Total
        Law.finite "gradient" z.grad)
]

let private degenerate = [
    Law.forall "zero rows, repeated rows and extreme lengths give finite values and gradients in float32" (fun case random ->
        let z = Draw.gaussian random (case.Supports + anchorRows case) case.Dim
        let scales = [| 0.0; 1e-30; 1e-8; 1.0; 1e8; 1e15 |]

        for i in 0L .. z.shape[0] - 1L do
            z[i] <- Scalars.multiply scales[random.Next scales.Length] z[i % 3L]

        let z = z.to_type torch.float32 |> leaf
        let sharp = PawsLossOptions.Create(0.01, 0.1, true)

        let result =
            PawsLoss.ofBatch sharp case.Supports case.Batch case.Multicrop (Draw.labels case) z z

        result.Total.backward ()
        Law.finite "total" result.Total
        Law.finite "gradient" z.grad)

    testCase "reduced precision is raised to float32, and the gradient comes back in the encoder's type" (fun () ->
        use scope = torch.NewDisposeScope()

        for dtype in [ torch.bfloat16; torch.float16 ] do
            let z = (Draw.gaussian (Random 1) 14 4).to_type(dtype).requires_grad_()
            let options = PawsLossOptions.Create(0.1, 0.25, true)
            let result = PawsLoss.ofBatch options 6 2 2 (LabelMatrix.create 3 2 1 false 0.1) z z
            result.Total.backward ()
            Expect.equal result.Total.dtype torch.float32 "loss"
            Expect.equal z.grad.dtype dtype "gradient")
]

let private refusals =
    let message f =
        try
            f () |> ignore
            failtest "should have been refused"
        with :? ArgumentException as e ->
            e.Message

    [
        testCase "options out of range are refused with the range" (fun () ->
            Expect.equal
                (message (fun () -> PawsLossOptions.Create(-1.0, 0.25, true)))
                "temperature must be in (0, ∞), got -1"
                "temperature"

            Expect.equal (message (fun () -> PawsLossOptions.Create(0.1, 1.5, true))) "sharpen must be in (0, 1], got 1.5" "sharpen"
            Expect.equal (message (fun () -> PawsLossOptions.Create(nan, 0.25, true))) "temperature must be in (0, ∞), got NaN" "NaN")

        testCase "shapes that do not fit are refused by name" (fun () ->
            use scope = torch.NewDisposeScope()
            let options = PawsLossOptions.Create(0.1, 0.25, true)
            let x (rows: int) = torch.ones (int64 rows, 4L)
            let labels = LabelMatrix.create 3 2 1 false 0.0

            Expect.equal
                (message (fun () -> PawsLoss.ofBatch options 6 2 2 labels (x 13) (x 13)))
                "z must have 14 rows, got 13"
                "rows of the batch"

            Expect.equal
                (message (fun () -> PawsLoss.ofBatch options 5 2 2 labels (x 13) (x 13)))
                "supportLabels must have 5 rows, got 6"
                "label rows"

            Expect.stringContains
                (message (fun () -> PawsLoss.evaluate options (x 7) (x 6) labels (x 4) (x 6)))
                "anchorViews must hold 2 + multicrop views"
                "views")
    ]

[<Tests>]
let tests =
    testList "Model.Losses.Paws" (objective @ batches @ collapse @ degenerate @ refusals)
