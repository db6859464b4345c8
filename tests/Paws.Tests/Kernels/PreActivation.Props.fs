module Paws.Tests.Kernels.PreActivationProps

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Kernels
open TorchSharp

/// A layer and a batch; enough values a channel for statistics that rounding does not change much.
type private Case = {
    Images: int
    Height: int
    Width: int
    Inputs: int
    Outputs: int
    Stride: int
    HasBias: bool
    HasResidual: bool
    Training: bool
    Seed: int
}

let private case images height width inputs outputs stride = {
    Images = images
    Height = height
    Width = width
    Inputs = inputs
    Outputs = outputs
    Stride = stride
    HasBias = true
    HasResidual = true
    Training = true
    Seed = 1
}

let private cases =
    gen {
        let! images = Gen.choose (3, 9)
        let! height = Gen.choose (2, 9)
        let! width = Gen.choose (2, 11)
        let! inputs = Gen.elements [ 16; 32; 48; 64 ]
        let! outputs = Gen.elements [ 16; 32; 48; 96 ]
        let! stride = Gen.elements [ 1; 2 ]
        let! bias = Gen.elements [ true; false ]
        let! residual = Gen.elements [ true; false ]
        let! training = Gen.frequency [ 3, Gen.constant true; 1, Gen.constant false ]
        let! seed = Gen.choose (0, 1_000_000)

        return {
            case images height width inputs outputs stride with
                HasBias = bias
                HasResidual = residual
                Training = training
                Seed = seed
        }
    }

let private bf16 = torch.bfloat16
let private double = torch.float64

/// Inputs in bf16 and what comes back in training: images, γ, β, weight, bias, residual, and the gradient from above.
type private Tensors = {
    X: torch.Tensor
    Gamma: torch.Tensor
    Beta: torch.Tensor
    Weight: torch.Tensor
    Bias: torch.Tensor | null
    Residual: torch.Tensor | null
    Upstream: torch.Tensor
    Mean: torch.Tensor
    Variance: torch.Tensor
}

let private tensors (case: Case) =
    let random = new torch.Generator(uint64 case.Seed, torch.CPU)

    let normal (shape: int list) =
        torch.randn (Array.map int64 (Array.ofList shape), dtype = torch.float32, generator = random)

    let channelsLast (x: torch.Tensor) =
        x.permute(0L, 2L, 3L, 1L).contiguous().permute(0L, 3L, 1L, 2L)

    let image channels stride =
        let edge size = (size + stride - 1) / stride

        (normal [ case.Images; channels; edge case.Height; edge case.Width ]).``to`` bf16
        |> channelsLast

    // Channels of different centers and widths, some of them all but dead after ReLU.
    let x =
        (image case.Inputs 1).``to``(torch.float32).mul(normal [ 1; case.Inputs; 1; 1 ]).add(normal [ 1; case.Inputs; 1; 1 ])

    {
        X = x.``to`` (bf16) |> channelsLast
        Gamma = normal [ case.Inputs ]
        Beta = normal [ case.Inputs ]
        Weight = (normal [ case.Outputs; case.Inputs; 3; 3 ]).div(torch.tensor (sqrt (float32 (9 * case.Inputs))))
        Bias = (if case.HasBias then normal [ case.Outputs ] else null)
        Residual =
            (if case.HasResidual then
                 image case.Outputs case.Stride
             else
                 null)
        Upstream = image case.Outputs case.Stride
        Mean = normal [ case.Inputs ]
        Variance = (normal [ case.Inputs ]).exp()
    }

let private momentum = 0.3

/// Who computes: libtorch in float64 or, as mixed precision does, in bf16 with fp32 parameters; or the layer.
type private Way =
    | Exact
    | LibTorch
    | Layer

/// Output, gradients by everything there is, running statistics.
let private outcomeWith (sumOverWorkers: Action<torch.Tensor>) (case: Case) (t: Tensors) (way: Way) =
    let master = if way = Exact then double else torch.float32
    let compute = if way = Exact then double else bf16

    let leaf (dtype: torch.ScalarType) (x: torch.Tensor) =
        x.``to``(dtype).clone().requires_grad_()

    let images, parameter = leaf compute, leaf master

    let optional make (x: torch.Tensor | null) : torch.Tensor | null =
        match x with
        | null -> null
        | x -> make x

    let x, gamma, beta, weight =
        images t.X, parameter t.Gamma, parameter t.Beta, parameter t.Weight

    let bias, residual = optional parameter t.Bias, optional images t.Residual
    let running (v: torch.Tensor) = v.``to`` (master, copy = true)
    let mean, variance = running t.Mean, running t.Variance

    let y =
        if way = Layer then
            let norm =
                Normalisation(gamma, beta, mean, variance, momentum, 1e-5, sumOverWorkers)

            PreActivation(norm, weight, bias, case.Stride).Apply(Activations(x, null), case.Training, residual).Values
        else
            let a =
                torch.nn.functional.batch_norm(x, mean, variance, gamma, beta, case.Training, momentum, 1e-5).relu()

            let cast (p: torch.Tensor) = p.``to`` compute

            let y =
                torch.nn.functional.conv2d (
                    a,
                    cast weight,
                    optional cast bias,
                    strides = [| int64 case.Stride; int64 case.Stride |],
                    padding = [| 1L; 1L |]
                )

            match residual with
            | null -> y
            | residual -> y.add residual

    y.backward ([| t.Upstream.``to`` y.dtype |])

    [
        "y", y
        "gradient by x", x.grad
        "gradient by γ", gamma.grad
        "gradient by β", beta.grad
        "gradient by the weights", weight.grad
        match bias with
        | null -> ()
        | bias -> "gradient by the bias", bias.grad
        match residual with
        | null -> ()
        | residual -> "gradient by the residual", residual.grad
        "running mean", mean
        "running variance", variance
    ]
    |> List.map (fun (name, value) -> name, value.detach().``to`` double)

let private outcome = outcomeWith null

let private apart (a: torch.Tensor) (b: torch.Tensor) =
    let distance = (a.sub b).norm().item<float>()
    distance / max 1e-12 (b.norm().item<float>())

let private supported () =
    match KernelSupport.WhyNot with
    | null -> ()
    | reason -> skiptest $"needs Paws's own kernels: {reason}"

/// Errors beside float64, of the layer and of libtorch's own bf16. Both round to bf16 (2⁻⁹) before they multiply and when they store;
/// minimal filtering rounds sums of two, which are larger. Where activations near 0 change sign, gradients come and go: small
/// gradients of few values are off by some percent either way. A mistake is off by more than this.
let private errors (case: Case) =
    use _ = torch.NewDisposeScope()
    let t = tensors case

    [
        for (name, expected), (_, found), (_, other) in List.zip3 (outcome case t Exact) (outcome case t Layer) (outcome case t LibTorch) do
            let error = apart found expected
            Expect.isLessThan error 0.05 $"{name} of {case}"
            name, error, apart other expected
    ]

let private agrees (case: Case) = errors case |> ignore

let private withThreads (threads: int) work =
    let before = torch.get_num_threads ()
    torch.set_num_threads threads

    try
        work ()
    finally
        torch.set_num_threads before

[<Tests>]
let tests =
    testSequenced
    <| testList "Kernels.PreActivation" [
        testCase "it agrees with libtorch in float64, output, gradients and running statistics"
        <| fun () ->
            supported ()
            let all = System.Collections.Generic.List<string * float * float>()

            let law case =
                lock all (fun () -> all.AddRange(errors case))

            Check.One(Config.QuickThrowOnFailure.WithMaxTest 100, Prop.forAll (Arb.fromGen cases) law)

            for name, values in Seq.groupBy (fun (name, _, _) -> name) all do
                let middle =
                    values
                    |> Seq.map (fun (_, error, usual) -> error - 1.8 * usual)
                    |> Seq.sort
                    |> Seq.item (Seq.length values / 2)

                Expect.isLessThan middle 1e-6 $"half of the errors of {name} are at most 1.8 times libtorch's"

        // Images that are multiplied in bands, several together, an odd number of them, with rows of tiles that are not full.
        for images, height, width, inputs, outputs, stride in
            [
                3, 32, 32, 32, 64, 1
                5, 18, 18, 32, 32, 1
                19, 9, 9, 64, 64, 1
                4, 16, 16, 64, 64, 1
                3, 13, 10, 64, 96, 1
                5, 8, 8, 128, 128, 1
                2, 32, 31, 64, 16, 1
                33, 5, 5, 128, 128, 1
                2, 33, 64, 48, 32, 1
                3, 32, 32, 64, 64, 2
                7, 17, 9, 64, 96, 2
                21, 9, 9, 128, 128, 2
            ] do
            testCase $"{images} images of {height} × {width}, {inputs} to {outputs} channels, stride {stride}" (fun () ->
                supported ()
                agrees (case images height width inputs outputs stride))

        testCase "more threads than images, and one thread" (fun () ->
            supported ()

            for threads in [ 1; 3 ] do
                withThreads threads (fun () -> agrees (case 2 8 8 16 32 1)))

        testCase "the same input gives the same bits" (fun () ->
            supported ()
            use _ = torch.NewDisposeScope()
            let it = case 6 9 9 32 48 1
            let t = tensors it

            for (name, first), (_, second) in List.zip (outcome it t Layer) (outcome it t Layer) do
                Expect.isTrue (first.eq(second).all().item<bool>()) name)

        testCase "what is not a number stays none, in its neighbourhood alone" (fun () ->
            supported ()
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()

            let it = {
                case 1 6 6 16 16 1 with
                    Training = false
            }

            let t = tensors it
            t.X[0L, 3L, 2L, 2L] <- torch.tensor(nanf).``to`` bf16
            let norm = Normalisation(t.Gamma, t.Beta, t.Mean, t.Variance, momentum, 1e-5)

            let y =
                PreActivation(norm, t.Weight, null, 1).Apply(Activations(t.X, null), false, null).Values

            let bad = y.isnan().any(1L).squeeze 0L

            for row in 0..5 do
                for column in 0..5 do
                    let near = abs (row - 2) <= 1 && abs (column - 2) <= 1
                    // Of a tile of two pixels, minimal filtering may spoil both.
                    let tile = abs (row - 2) <= 1 && column <= 3

                    if near || not tile then
                        Expect.equal (bad[int64 row, int64 column].item<bool>()) near $"pixel {row}, {column}")

        testCase "a residual block is its two layers and the residual, output and gradients"
        <| fun () ->
            supported ()
            use _ = torch.NewDisposeScope()
            let one = tensors (case 5 9 7 32 32 1)
            let two = tensors { case 5 9 7 32 32 1 with Seed = 2 }

            let run (fused: bool) =
                let leaf (x: torch.Tensor) = x.detach().clone().requires_grad_()
                let x = leaf one.X

                let parameters = [|
                    for t in [ one; two ] -> [| leaf t.Gamma; leaf t.Beta; leaf t.Weight; leaf t.Bias |]
                |]

                let layer (p: torch.Tensor[]) (t: Tensors) =
                    PreActivation(Normalisation(p[0], p[1], t.Mean.clone (), t.Variance.clone (), momentum, 1e-5), p[2], p[3], 1)

                let first, second = layer parameters[0] one, layer parameters[1] two

                let y =
                    if fused then
                        PreActivation.ApplyBlock(Activations(x, null), first, second, true)
                    else
                        second.Apply(first.Apply(Activations(x, null), true, null), true, x)

                y.Values.backward ([| one.Upstream |])
                [ y.Values; x.grad; yield! [ for p in Array.concat parameters -> p.grad ] ]

            for at, (block, layers) in List.indexed (List.zip (run true) (run false)) do
                // The block adds the residual's gradient before it rounds, the layers after.
                let error = apart (block.``to`` double) (layers.``to`` double)
                Expect.isLessThan error (if at = 1 then 0.004 else 1e-12) $"tensor {at}"

        testCase "two workers with halves of a batch are one with the whole, output, gradients and running statistics"
        <| fun () ->
            supported ()
            use _ = torch.NewDisposeScope()

            let it = {
                case 6 8 8 16 32 1 with
                    HasResidual = false
            }

            let whole = tensors it

            let half (from: int64) count = {
                whole with
                    X = whole.X.narrow (0L, from, count)
                    Upstream = whole.Upstream.narrow (0L, from, count)
            }

            // What an all-reduce does, between two threads.
            let given = [| null; null |]: torch.Tensor[]
            use meeting = new System.Threading.Barrier(2)

            let sum worker (values: torch.Tensor) =
                given[worker] <- values
                meeting.SignalAndWait()
                let total = given[0].add given[1]
                meeting.SignalAndWait()
                values.copy_ total |> ignore

            let results = [| []; [] |]

            let threads = [
                for worker, (from, count) in List.indexed [ 0L, 2L; 2L, 4L ] ->
                    System.Threading.Thread(fun () -> results[worker] <- outcomeWith (Action<_>(sum worker)) it (half from count) Layer)
            ]

            threads |> List.iter _.Start()
            threads |> List.iter _.Join()

            for at, (name, expected) in List.indexed (outcome it whole Layer) do
                let one, other = snd results[0].[at], snd results[1].[at]

                let found =
                    match name with
                    | "y"
                    | "gradient by x" -> torch.cat ([| one; other |], 0L)
                    | "running mean"
                    | "running variance" -> one
                    | _ -> one.add other

                Expect.isLessThan (apart found expected) 2e-3 name

        testCase "images in another memory order are taken too" (fun () ->
            supported ()
            use _ = torch.NewDisposeScope()
            let it = case 2 6 6 16 32 1
            let t = tensors it

            let norm () =
                Normalisation(t.Gamma, t.Beta, t.Mean.clone (), t.Variance.clone (), momentum, 1e-5)

            let apply (x: torch.Tensor) =
                PreActivation(norm (), t.Weight, t.Bias, 1).Apply(Activations(x, null), true, t.Residual).Values

            Expect.isTrue ((apply t.X).eq(apply (t.X.contiguous ())).all().item<bool>()) "the same")

        testCase "the moments that come with the output are the output's" (fun () ->
            supported ()
            use _ = torch.NewDisposeScope()
            let it = case 5 7 7 16 32 1
            let t = tensors it
            let norm = Normalisation(t.Gamma, t.Beta, t.Mean, t.Variance, momentum, 1e-5)

            let y =
                PreActivation(norm, t.Weight, t.Bias, 1).Apply(Activations(t.X, null), true, t.Residual)

            let values = y.Values.``to``(double).permute(1L, 0L, 2L, 3L).flatten(1L)

            for channel in 0..31 do
                let v = values[int64 channel]
                let mean = v.mean().item<float>()
                Expect.floatClose Accuracy.medium y.Moments.Mean[channel] mean "mean"

                Expect.floatClose
                    Accuracy.medium
                    y.Moments.SquaredDistances[channel]
                    (v.sub(torch.tensor mean).pow(torch.tensor 2.0).sum().item<float>())
                    "squared distances")

        testCase "nothing is kept once the graph is gone" (fun () ->
            supported ()
            use _ = torch.NewDisposeScope()
            let it = case 2 6 6 16 16 1
            let t = tensors it

            let step () =
                use _ = torch.NewDisposeScope()
                outcome it t Layer |> ignore

            step ()
            let before = GradientNode.Count
            step ()
            Expect.isLessThanOrEqual GradientNode.Count before "nodes")
    ]
