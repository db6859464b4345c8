namespace Paws.Model

open System.Collections.Generic
open Paws.Kernels
open TorchSharp

/// Collects a network's tensors in order of creation, drawing initial values from a seed of its own, so that the list
/// of names is explicit and the same seed always gives the same network.
[<Sealed>]
type TensorRegistry(seed: uint64) =
    let generator = new torch.Generator(seed, torch.CPU)
    let parameters = List<NamedTensor>()
    let buffers = List<NamedTensor>()

    let add (list: List<NamedTensor>) name (value: torch.Tensor) =
        let named = NamedTensor(name, value.DetachFromDisposeScope())
        list.Add named
        named

    let trainable name (value: torch.Tensor) =
        add parameters name (value.requires_grad_ true)

    /// Trainable tensors in state-dictionary order.
    member _.Parameters = parameters :> IReadOnlyList<NamedTensor>

    /// Running statistics and counters in state-dictionary order.
    member _.Buffers = buffers :> IReadOnlyList<NamedTensor>

    /// A trainable tensor from N(0, std²).
    member _.Normal(name, shape: int64[], std: float) =
        trainable name (Scalars.multiply std (torch.randn (shape, dtype = torch.float32, generator = generator)))

    /// A trainable tensor from U(−bound, bound).
    member _.Uniform(name, shape: int64[], bound: float) =
        trainable name (torch.empty(shape, dtype = torch.float32).uniform_(-bound, bound, generator))

    /// A trainable tensor of one value.
    member _.Constant(name, shape: int64[], value: float) =
        trainable name (Scalars.full shape value torch.float32 torch.CPU)

    /// A buffer of one value.
    member _.Buffer(name, shape: int64[], value: float, dtype: torch.ScalarType) =
        add buffers name (Scalars.full shape value dtype torch.CPU)

/// A square convolution. Weight [out,in,k,k] from N(0, 2 / (k²·out)) (He, fan-out); bias, where there is one, zero.
[<Sealed>]
type Convolution(registry: TensorRegistry, name: string, inputs: int, outputs: int, kernel: int, stride: int, withBias: bool) =
    let weight =
        registry.Normal(
            name + ".weight",
            [| int64 outputs; int64 inputs; int64 kernel; int64 kernel |],
            sqrt (2.0 / float (kernel * kernel * outputs))
        )

    let bias =
        if withBias then
            Some(registry.Constant(name + ".bias", [| int64 outputs |], 0.0))
        else
            None

    let strides = [| int64 stride; int64 stride |]
    let padding = [| int64 (kernel / 2); int64 (kernel / 2) |]

    let every (dimension: int64) (x: torch.Tensor) =
        x.slice (dimension, 0L, x.shape[int dimension], int64 stride)

    // oneDNN's 1×1 kernels divide by the size of a CPU cache and end the process (SIGFPE) on virtual machines that
    // hide it, for pairs such as 256 → 1024 and 512 → 1024 channels. Of this size on they are matrix products.
    let asProduct = kernel = 1 && inputs * outputs >= 256 * 1024

    /// A 1×1 convolution as a product over the pixels it reads; without a copy if they are channels-last and all read.
    let pointwise (pass: ForwardPass) (x: torch.Tensor) =
        let x = if stride > 1 then x |> every 2L |> every 3L else x
        let rows = x.permute (0L, 2L, 3L, 1L) // [n,in,s,s] → [n,s,s,in]
        let w = (pass.Weight weight).view(int64 outputs, int64 inputs)

        let y =
            match bias with
            | Some bias -> torch.nn.functional.linear (rows, w, pass.Weight bias)
            | None -> torch.nn.functional.linear (rows, w)

        y.permute (0L, 3L, 1L, 2L) // [n,s,s,out] → [n,out,s,s]

    /// Channels of the output.
    member _.Outputs = outputs

    /// Edge of the window of taps.
    member _.Kernel = kernel

    /// Input pixels from one output pixel to the next.
    member _.Stride = stride

    /// The master weight [out,in,k,k].
    member _.Weight = weight.Value

    /// The master bias [out], if there is one.
    member _.Bias: torch.Tensor | null =
        match bias with
        | Some bias -> bias.Value
        | None -> null

    /// [n,in,s,s] → [n,out,⌈s/stride⌉,⌈s/stride⌉] in the compute type, memory format kept.
    member _.Forward(pass: ForwardPass, x: torch.Tensor) =
        if asProduct && x.device_type = DeviceType.CPU then
            pointwise pass x
        else
            match bias with
            | Some bias -> torch.nn.functional.conv2d (x, pass.Weight weight, pass.Weight bias, strides, padding)
            | None -> torch.nn.functional.conv2d (x, pass.Weight weight, strides = strides, padding = padding)

/// Batch normalisation over the channel dimension of [n,c] or [n,c,s,s]; ε 1e-5, scale 1 and shift 0 at the start.
/// Affine parameters and running statistics stay in the master type whatever the type of the input.
/// momentum: weight of the new batch in the running statistics, in (0, 1].
[<Sealed>]
type BatchNorm(registry: TensorRegistry, name: string, channels: int, momentum: float) =
    let shape = [| int64 channels |]
    let weight = registry.Constant(name + ".weight", shape, 1.0)
    let bias = registry.Constant(name + ".bias", shape, 0.0)

    let runningMean = registry.Buffer(name + ".running_mean", shape, 0.0, torch.float32)

    let runningVar = registry.Buffer(name + ".running_var", shape, 1.0, torch.float32)

    let batches = registry.Buffer(name + ".num_batches_tracked", [||], 0.0, torch.int64)

    /// Same shape and type as the input.
    member _.Forward(pass: ForwardPass, x: torch.Tensor) =
        if pass.Training then
            Scalars.increment batches.Value

        if pass.Synchronised then
            SynchronisedNorm.Apply(pass.SumOverWorkers, x, weight.Value, bias.Value, runningMean.Value, runningVar.Value, momentum)
        else
            torch.nn.functional.batch_norm (x, runningMean.Value, runningVar.Value, weight.Value, bias.Value, pass.Training, momentum, 1e-5)

    /// Its tensors and constants, for an operation that normalises, and counts the batch, in its place.
    member _.AsPart(pass: ForwardPass) =
        if pass.Training then
            Scalars.increment batches.Value

        let sumOverWorkers: System.Action<torch.Tensor> | null =
            if pass.Synchronised then pass.SumOverWorkers else null

        Normalisation(weight.Value, bias.Value, runningMean.Value, runningVar.Value, momentum, 1e-5, sumOverWorkers)

    /// Normalisation, then max(0, ·) written over it: its backward needs only the result.
    member this.ForwardRelu(pass, x) = this.Forward(pass, x).relu_()

/// Normalisation, ReLU and convolution, as in the blocks of pre-activation networks. Where there are kernels for it (bf16 on a CPU with
/// AVX512_BF16; 3 × 3) one operation that goes over memory once; elsewhere libtorch's three.
[<Sealed>]
type PreActivationLayer(norm: BatchNorm, convolution: Convolution) =

    /// Whether there are kernels for this input.
    member _.IsFused(pass: ForwardPass, x: torch.Tensor) =
        convolution.Kernel = 3
        && pass.Master = torch.float32
        && PreActivation.Supports(x, convolution.Outputs, convolution.Stride)

    /// The layer for the kernels; counts the batch.
    member _.AsPart(pass: ForwardPass) =
        PreActivation(norm.AsPart pass, convolution.Weight, convolution.Bias, convolution.Stride)

    /// [n,in,s,s] → [n,out,⌈s/stride⌉,⌈s/stride⌉], plus the residual, of the output's shape, if it is not null.
    member this.Forward(pass: ForwardPass, x: Activations, residual: torch.Tensor | null) =
        if this.IsFused(pass, x.Values) then
            this.AsPart(pass).Apply(x, pass.Training, residual)
        else
            let y = convolution.Forward(pass, norm.ForwardRelu(pass, x.Values))

            match residual with
            | null -> Activations(y, null)
            | residual -> Activations(Scalars.addTo y residual, null)

    /// second(this(x)) + x, where both keep the shape.
    member this.ForwardBlock(second: PreActivationLayer, pass: ForwardPass, x: Activations) =
        if this.IsFused(pass, x.Values) && second.IsFused(pass, x.Values) then
            PreActivation.ApplyBlock(x, this.AsPart pass, second.AsPart pass, pass.Training)
        else
            second.Forward(pass, this.Forward(pass, x, null), x.Values)

/// y = x Wᵀ + b in the master type: heads are a small part of the work and the similarities are sensitive to rounding.
/// W [out,in] and b [out] from U(±1/√in).
[<Sealed>]
type Linear(registry: TensorRegistry, name: string, inputs: int, outputs: int) =
    let bound = 1.0 / sqrt (float inputs)

    let weight =
        registry.Uniform(name + ".weight", [| int64 outputs; int64 inputs |], bound)

    let bias = registry.Uniform(name + ".bias", [| int64 outputs |], bound)

    /// [n,in] → [n,out].
    member _.Forward(x: torch.Tensor) =
        torch.nn.functional.linear (x, weight.Value, bias.Value)

/// Images to feature vectors. Width: length of a feature vector.
/// Features: [n,3,s,s] in the compute type → [n,Width] in the master type.
type Trunk = {
    Width: int
    Features: ForwardPass -> torch.Tensor -> torch.Tensor
}

/// Steps shared by the trunks.
[<RequireQualifiedAccess>]
module Trunk =

    /// Blocks one after the other. Wrappers are freed on the way (autograd keeps what it needs), so that a pass
    /// without gradient holds two activations, not all of them. Consumes x.
    let chain (blocks: (ForwardPass -> Activations -> Activations)[]) pass (x: torch.Tensor) =
        let mutable x = Activations(x, null)

        for block in blocks do
            use scope = torch.NewDisposeScope()
            let next: Activations = block pass x
            next.Values.MoveToOuterDisposeScope() |> ignore
            x.Values.Dispose()
            x <- next

        x.Values

    /// Mean over positions: [n,c,s,s] → [n,c], summed and returned in the master type. Consumes x.
    let pool (master: torch.ScalarType) (x: torch.Tensor) =
        use x = x
        x.mean ([| 2L; 3L |], ``type`` = master)
