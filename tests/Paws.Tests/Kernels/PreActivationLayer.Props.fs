module Paws.Tests.Kernels.PreActivationLayerProps

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
            Images = images
            Height = height
            Width = width
            Inputs = inputs
            Outputs = outputs
            Stride = stride
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
        x.permute(0L, 2L, 3L, 1L).contiguous().permute (0L, 3L, 1L, 2L)

    let image channels stride =
        let edge size = (size + stride - 1) / stride

        (normal [ case.Images; channels; edge case.Height; edge case.Width ]).``to`` bf16
        |> channelsLast

    // Channels of different centers and widths, some of them all but dead after ReLU.
    let x =
        (image case.Inputs 1).``to``(torch.float32).mul(normal [ 1; case.Inputs; 1; 1 ]).add (normal [ 1; case.Inputs; 1; 1 ])

    {
        X = x.``to``(bf16) |> channelsLast
        Gamma = normal [ case.Inputs ]
        Beta = normal [ case.Inputs ]
        Weight = (normal [ case.Outputs; case.Inputs; 3; 3 ]).div (torch.tensor (sqrt (float32 (9 * case.Inputs))))
        Bias = (if case.HasBias then normal [ case.Outputs ] else null)
        Residual = (if case.HasResidual then image case.Outputs case.Stride else null)
        Upstream = image case.Outputs case.Stride
        Mean = normal [ case.Inputs ]
        Variance = (normal [ case.Inputs ]).exp ()
    }

let private momentum = 0.3

/// Who computes: libtorch in float64 or, as mixed precision does, in bf16 with fp32 parameters; or the layer.
type private Way =
    | Exact
    | LibTorch
    | Layer

/// Output, gradients by everything there is, running statistics.
let private outcome (case: Case) (t: Tensors) (way: Way) =
    let master = if way = Exact then double else torch.float32
    let compute = if way = Exact then double else bf16
    let leaf (dtype: torch.ScalarType) (x: torch.Tensor) = x.``to``(dtype).clone().requires_grad_ ()
    let images, parameter = leaf compute, leaf master
    let optional make (x: torch.Tensor | null) : torch.Tensor | null = match x with | null -> null | x -> make x
    let x, gamma, beta, weight = images t.X, parameter t.Gamma, parameter t.Beta, parameter t.Weight
    let bias, residual = optional parameter t.Bias, optional images t.Residual
    let running (v: torch.Tensor) = v.``to``(master, copy = true)
    let mean, variance = running t.Mean, running t.Variance

    let y =
        if way = Layer then
            let norm = Normalisation(gamma, beta, mean, variance, momentum, 1e-5)
            PreActivationLayer.Apply(Activations(x, null), norm, case.Training, weight, case.Stride, bias, residual).Values
        else
            let a = torch.nn.functional.batch_norm(x, mean, variance, gamma, beta, case.Training, momentum, 1e-5).relu ()
            let cast (p: torch.Tensor) = p.``to`` compute
            let y = torch.nn.functional.conv2d (a, cast weight, optional cast bias, strides = [| int64 case.Stride; int64 case.Stride |], padding = [| 1L; 1L |])

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

let private apart (a: torch.Tensor) (b: torch.Tensor) =
    let distance = (a.sub b).norm().item<float> ()
    distance / max 1e-12 (b.norm().item<float> ())

let private supported () =
    use x = torch.zeros ([| 1L; 16L; 4L; 4L |], dtype = bf16)

    if not (PreActivationLayer.Supports(x, 16, 1)) then
        skiptest "this processor has no AVX512_BF16"

[<Tests>]
let tests =
    testSequenced
    <| testList "Kernels.PreActivationLayer" [
        testCase "it agrees with libtorch in float64, output, gradients and running statistics" (fun () ->
            supported ()

            Check.One(
                Config.QuickThrowOnFailure.WithMaxTest 2000,
                Prop.forAll (Arb.fromGen cases) (fun case ->
                    use _ = torch.NewDisposeScope()
                    let t = tensors case

                    for (name, expected), (_, found), (_, other) in
                        List.zip3 (outcome case t Exact) (outcome case t Layer) (outcome case t LibTorch) do
                        // Both round to bf16 (2⁻⁹) before they multiply and when they store; minimal filtering rounds sums of
                        // two, which are larger. Where activations near 0 change sign, gradients come and go.
                        let error, usual = apart found expected, apart other expected
                        Expect.isLessThan error 0.03 $"{name} of {case}"
                        Expect.isLessThan error (3.0 * usual + 0.004) $"{name}, beside libtorch's own error, of {case}")
            ))
    ]
