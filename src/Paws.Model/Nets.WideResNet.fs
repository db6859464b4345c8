namespace Paws.Model

open Paws.Kernels

/// Wide residual networks for small images (Zagoruyko and Komodakis, 2016) as published with PAWS: pre-activation
/// blocks, convolutions with bias, 3×3 stem of 16 channels, no dropout.
[<RequireQualifiedAccess>]
module WideResNet =

    /// Weight of a new batch in the running statistics, but for the last batch-norm.
    let private momentum = 0.1

    /// Of the last batch-norm: its running statistics are all but those of the latest pass, as in the published code.
    let private lastMomentum = 0.99

    /// relu-bn → 3×3 → relu-bn → 3×3 (carries the stride), plus the input (through a 1×1 where the shape changes).
    let private block (registry: TensorRegistry) name inputs outputs stride =
        let bn1 = BatchNorm(registry, name + ".bn1", inputs, momentum)
        let conv1 = Convolution(registry, name + ".conv1", inputs, outputs, 3, 1, true)
        let bn2 = BatchNorm(registry, name + ".bn2", outputs, momentum)

        let conv2 =
            Convolution(registry, name + ".conv2", outputs, outputs, 3, stride, true)

        let shortcut =
            if stride <> 1 || inputs <> outputs then
                Some(Convolution(registry, name + ".shortcut.0", inputs, outputs, 1, stride, true))
            else
                None

        let first = PreActivationLayer(bn1, conv1)
        let second = PreActivationLayer(bn2, conv2)

        fun (pass: ForwardPass) (x: Activations) ->
            match shortcut with
            | Some projection -> second.Forward(pass, first.Forward(pass, x, null), projection.Forward(pass, x.Values))
            | None -> first.ForwardBlock(second, pass, x)

    /// A trunk of depth 6n + 4 (n blocks a stage, n ≥ 1) whose three stages have 16k, 32k, 64k channels.
    let create (registry: TensorRegistry) (depth: int) (width: int) =
        if depth < 10 || (depth - 4) % 6 <> 0 then
            invalidArg (nameof depth) $"depth of a WideResNet must be 6n + 4 with n ≥ 1 (10, 16, 22, 28, …), got {depth}"

        if width < 1 then
            invalidArg (nameof width) $"width of a WideResNet must be at least 1, got {width}"

        let blocks = (depth - 4) / 6
        let stem = Convolution(registry, "conv1", 3, 16, 3, 1, true)

        let channels stage =
            if stage = 0 then 16 else 16 * width <<< (stage - 1)

        let body = [|
            for stage in 1..3 do
                for i in 0 .. blocks - 1 do
                    let inputs = if i = 0 then channels (stage - 1) else channels stage
                    let stride = if stage > 1 && i = 0 then 2 else 1
                    block registry $"layer{stage}.{i}" inputs (channels stage) stride
        |]

        let last = BatchNorm(registry, "bn1", channels 3, lastMomentum)

        {
            Width = channels 3
            Features =
                fun pass x ->
                    use y = Trunk.chain body pass (stem.Forward(pass, x))
                    last.ForwardRelu(pass, y) |> Trunk.pool pass.Master
        }
