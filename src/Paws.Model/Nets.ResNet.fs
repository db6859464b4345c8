namespace Paws.Model

open Paws.Kernels
open TorchSharp

/// Residual networks (He et al., 2015) with the stride on the 3×3 convolution of a bottleneck; channel counts may be
/// multiplied (2×, 4×), stem included.
[<RequireQualifiedAccess>]
module ResNet =

    let private momentum = 0.1

    /// 1×1 projection with batch-norm where the shape changes; the last tensors of a block in the state dictionary.
    let private shortcut registry name inputs outputs stride =
        if stride <> 1 || inputs <> outputs then
            let conv =
                Convolution(registry, name + ".downsample.0", inputs, outputs, 1, stride, false)

            let bn = BatchNorm(registry, name + ".downsample.1", outputs, momentum)
            fun (pass: ForwardPass) x -> bn.Forward(pass, conv.Forward(pass, x))
        else
            fun _ x -> x

    let private layer registry name k inputs outputs kernel stride =
        let conv =
            Convolution(registry, $"{name}.conv{k}", inputs, outputs, kernel, stride, false)

        let bn = BatchNorm(registry, $"{name}.bn{k}", outputs, momentum)
        conv, bn

    /// Two 3×3 layers (ResNet-18).
    let private basic registry name inputs mid stride =
        let conv1, bn1 = layer registry name 1 inputs mid 3 stride
        let conv2, bn2 = layer registry name 2 mid mid 3 1
        let shortcut = shortcut registry name inputs mid stride

        let inner = PreActivationLayer(bn1, conv2)

        fun (pass: ForwardPass) (x: Activations) ->
            let y = Activations(conv1.Forward(pass, x.Values), null)
            let y = bn2.Forward(pass, inner.Forward(pass, y, null).Values)
            Activations((Scalars.addTo y (shortcut pass x.Values)).relu_(), null)

    /// 1×1 → 3×3 → 1×1 to four times the channels (ResNet-50 and deeper).
    let private bottleneck registry name inputs mid stride =
        let conv1, bn1 = layer registry name 1 inputs mid 1 1
        let conv2, bn2 = layer registry name 2 mid mid 3 stride
        let conv3, bn3 = layer registry name 3 mid (4 * mid) 1 1
        let shortcut = shortcut registry name inputs (4 * mid) stride

        let inner = PreActivationLayer(bn1, conv2)

        fun (pass: ForwardPass) (x: Activations) ->
            let y = Activations(conv1.Forward(pass, x.Values), null)
            let y = bn2.ForwardRelu(pass, inner.Forward(pass, y, null).Values)
            let y = bn3.Forward(pass, conv3.Forward(pass, y))
            Activations((Scalars.addTo y (shortcut pass x.Values)).relu_(), null)

    /// Blocks a stage, and whether they are bottlenecks.
    let private stages depth =
        match depth with
        | 18 -> [| 2; 2; 2; 2 |], false
        | 50 -> [| 3; 4; 6; 3 |], true
        | 101 -> [| 3; 4; 23; 3 |], true
        | 152 -> [| 3; 8; 36; 3 |], true
        | _ -> invalidArg (nameof depth) $"depth of a ResNet must be 18, 50, 101 or 152, got {depth}"

    /// depth: 18, 50, 101 or 152. width: factor on all channel counts, at least 1.
    /// smallImages: a 3×3 stem of stride 1 and no max-pooling, for images of about 32 pixels.
    let create (registry: TensorRegistry) (depth: int) (width: int) (smallImages: bool) =
        let counts, bottlenecks = stages depth

        if width < 1 then
            invalidArg (nameof width) $"width of a ResNet must be at least 1, got {width}"

        let expansion = if bottlenecks then 4 else 1
        let block = if bottlenecks then bottleneck else basic
        let first = 64 * width

        let stem =
            if smallImages then
                Convolution(registry, "conv1", 3, first, 3, 1, false)
            else
                Convolution(registry, "conv1", 3, first, 7, 2, false)

        let bn = BatchNorm(registry, "bn1", first, momentum)

        let body = [|
            for stage in 0..3 do
                let mid = first <<< stage

                for i in 0 .. counts[stage] - 1 do
                    let inputs =
                        if i > 0 then mid * expansion
                        elif stage = 0 then first
                        else mid / 2 * expansion

                    block registry $"layer{stage + 1}.{i}" inputs mid (if stage > 0 && i = 0 then 2 else 1)
        |]

        {
            Width = (first <<< 3) * expansion
            Features =
                fun pass x ->
                    use scope = torch.NewDisposeScope()
                    let y = bn.ForwardRelu(pass, stem.Forward(pass, x))

                    let y =
                        if smallImages then
                            y
                        else
                            torch.nn.functional.max_pool2d (y, [| 3L; 3L |], [| 2L; 2L |], [| 1L; 1L |])

                    (Trunk.chain body pass y |> Trunk.pool pass.Master).MoveToOuterDisposeScope()
        }
