module Paws.Tests.Model.DistributionsProps

open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private atLeast name (smaller: torch.Tensor) (larger: torch.Tensor) =
    Expect.isGreaterThanOrEqual ((larger - smaller).min().ToDouble()) -1e-12 name

let private uniform rows columns =
    Draw.constant rows columns (1.0 / float columns)

let private vector (values: float list) =
    torch.tensor (List.toArray values, dtype = torch.float64)

let private numerics = [
    Law.forall "normalised rows have length 1 and stay as they are" (fun case random ->
        let unit = Numerics.l2Normalise (Draw.gaussian random case.Batch case.Dim)
        Law.close "length" (torch.ones (int64 case.Batch, dtype = torch.float64)) (unit.square().sum(1L).sqrt())
        Law.close "again" unit (Numerics.l2Normalise unit))

    Law.forall "cross-entropy is least where the prediction is the target, and is the entropy there" (fun case random ->
        let p, t =
            Draw.distributions random case.Batch case.Classes, Draw.distributions random case.Batch case.Classes

        atLeast "Gibbs" (Numerics.entropy t) (Numerics.crossEntropy t p)
        Law.close "at the target" (Numerics.entropy t) (Numerics.crossEntropy t t))

    Law.forall "entropy lies in [0, log K]" (fun case random ->
        let h = Numerics.entropy (Draw.distributions random case.Batch case.Classes)
        atLeast "0" (torch.zeros_like h) h
        atLeast "log K" h (Draw.constant 1 1 (log (float case.Classes))))

    testCase "x·log y is exact away from 0, and finite with its gradient at 0" (fun () ->
        use scope = torch.NewDisposeScope()
        let x = (vector [ 0.0; 0.0; 0.5; 2.0 ]).requires_grad_()
        let y = (vector [ 0.0; 3.0; 0.0; 4.0 ]).requires_grad_()
        let result = Numerics.xLogY x y
        result.sum().backward()
        Law.finite "value" result
        Law.finite "gradient to x" x.grad
        Law.close "gradient to y" (vector [ 0.0; 0.0; 0.0; 0.5 ]) y.grad
        let exact = result.data<double>().ToArray()
        Expect.equal exact[0..1] [| 0.0; 0.0 |] "0 at x = 0"
        Expect.equal exact[3] (2.0 * log 4.0) "2 log 4")
]

let private sharpening = [
    Law.forall "sharpening makes distributions with the same arg-max and no more entropy" (fun case random ->
        let p = Draw.distributions random case.Batch case.Classes
        let sharp = Sharpening.sharpen case.Sharpen p
        Law.close "sum" (torch.ones (int64 case.Batch, dtype = torch.float64)) (sharp.sum 1L)
        Expect.equal (sharp.argmax(1L).data<int64>().ToArray()) (p.argmax(1L).data<int64>().ToArray()) "arg-max"
        atLeast "entropy" (Numerics.entropy sharp) (Numerics.entropy p))

    Law.forall "near uniform, a deviation grows by as much as the other view agrees beyond T" (fun case random ->
        // docs/built-in-shapes.md: along e, the gradient of H(ρ(1/K + e⁺), 1/K + e) is K·(|e|² − ⟨e, e⁺⟩/T).
        let deviation () =
            let e = Draw.gaussian random case.Batch case.Classes
            (e - e.mean ([| 1L |], keepdim = true)) |> Scalars.multiply 1e-5

        let classes = float case.Classes
        let e, other = deviation (), deviation ()
        let p = (Scalars.shift (1.0 / classes) e).requires_grad_()
        let target = Sharpening.sharpen case.Sharpen (Scalars.shift (1.0 / classes) other)
        (Numerics.crossEntropy target p).sum().backward()
        let along = p.grad.mul(e).sum 1L

        let expected =
            e.mul(e).sum(1L) - (e.mul(other).sum 1L |> Scalars.divide case.Sharpen)
            |> Scalars.multiply classes

        let scale = expected.abs().mean().item<float>() + 1e-10
        Expect.isLessThan (((along - expected).abs().max().item<float>()) / scale) 0.05 "to first order")

    Law.forall "sharpening twice is sharpening once by the product; by 1 it changes nothing" (fun case random ->
        let p = Draw.distributions random case.Batch case.Classes
        let other = 0.2 + 0.8 * random.NextDouble()

        Sharpening.sharpen other (Sharpening.sharpen case.Sharpen p)
        |> Law.close "product" (Sharpening.sharpen (other * case.Sharpen) p)

        Law.close "1" p (Sharpening.sharpen 1.0 p))

    Law.forall "a uniform distribution stays uniform, however many classes and however small T" (fun case random ->
        let p = (uniform 2 (1000 * case.Classes)).to_type torch.float32
        let temperature = 0.01 + 0.1 * random.NextDouble()
        Law.closeWithin 1e-6 "uniform" p (Sharpening.sharpen temperature p))
]

let private meMax = [
    Law.forall "ME-Max lies in [−log K, 0]" (fun case random ->
        let value =
            Draw.distributions random case.Batch case.Classes
            |> MeMax.meanPrediction id
            |> MeMax.regulariser

        Expect.isLessThanOrEqual (value.ToDouble()) 1e-12 "0"
        Expect.isGreaterThanOrEqual (value.ToDouble()) (-log(float case.Classes) - 1e-12) "−log K")

    testCase "ME-Max reaches −log K for the uniform mean and 0 for one class" (fun () ->
        use scope = torch.NewDisposeScope()
        Expect.floatClose Accuracy.veryHigh ((MeMax.regulariser (uniform 1 7)).ToDouble()) (-log 7.0) "uniform"
        let alone = (vector [ 0.0; 1.0; 0.0 ]).requires_grad_()
        let value = MeMax.regulariser alone
        value.backward ()
        Expect.equal (value.ToDouble()) 0.0 "one class"
        Law.finite "gradient" alone.grad)
]

let private targets = [
    Law.forall "targets: sharpened large views, then their mean for each small view, nothing below 1e-4, no gradient" (fun case random ->
        let p = (Draw.distributions random (2 * case.Batch) case.Classes).requires_grad_()
        let targets = Targets.create case.Sharpen case.Multicrop p
        let sharp = Sharpening.sharpen case.Sharpen (p.detach ())
        let halves = sharp.chunk (2L, 0L)
        let mean = halves[0] + halves[1] |> Scalars.divide 2.0

        let expected =
            torch.cat (Array.append [| sharp |] (Array.create case.Multicrop mean))

        Expect.isFalse targets.requires_grad "detached"
        Law.close "values" (expected * (Scalars.atLeast 1e-4 expected).to_type torch.float64) targets)

    Law.forall "swapping changes places, and twice changes nothing" (fun case random ->
        let views = Draw.gaussian random (2 * case.Batch) case.Dim
        let swapped = Targets.swap views
        Law.close "place" (views.narrow (0L, 0L, int64 case.Batch)) (swapped.narrow (0L, int64 case.Batch, int64 case.Batch))
        Law.close "twice" views (Targets.swap swapped))
]

let private labelMatrices = [
    Law.forall "label rows are distributions, and every class of the batch has equally many" (fun case random ->
        let workers, unique = 1 + random.Next 3, random.Next 2 = 0

        let labels =
            LabelMatrix.create case.Classes case.ImagesPerClass workers unique case.Smoothing

        Law.close "sum" (torch.ones (labels.shape[0], dtype = torch.float64)) (labels.sum 1L)

        let counts =
            labels.argmax(1L).data<int64>().ToArray() |> Array.countBy id |> Array.map snd


        let each =
            if unique then
                case.ImagesPerClass
            else
                case.ImagesPerClass * workers

        Expect.allEqual counts each "images of each class"
        Expect.hasLength counts (if unique then case.Classes * workers else case.Classes) "classes")

    Law.forall "given classes in sampler order make the same matrix as their numbers" (fun case random ->
        let drawn = Array.init 100 id |> Array.map (fun c -> 3 * c + 1)
        random.Shuffle drawn

        let supportClasses =
            Array.replicate case.ImagesPerClass (Array.take case.Classes drawn)
            |> Array.concat

        Law.close "labels" (Draw.labels case) (LabelMatrix.ofClasses supportClasses case.Smoothing))
]

[<Tests>]
let tests =
    testList "Model.Losses.Distributions" (numerics @ sharpening @ meMax @ targets @ labelMatrices)
