namespace Paws.Model

open System
open System.Collections.Generic
open System.Text.RegularExpressions
open TorchSharp

/// Which encoder. ModelName: wide_resnet{depth}w{width}, resnet{18,50,101,152}[w{1,2,4}] or resnet18_small.
/// OutputDim: embedding width d, at least 1 (at least 4 with a prediction head).
/// ProjLayers: linear layers of the projection head, 3 as published with PAWS, or 2 as in SimCLR.
type EncoderSpec = {
    ModelName: string
    OutputDim: int
    ProjLayers: int
    UsePredHead: bool
}

/// Trunk, projection head and, if asked for, prediction head. Not thread-safe; owns its tensors.
/// Parameters and buffers carry the names and shapes of the published checkpoints.
[<Sealed>]
type Encoder
    internal (spec: EncoderSpec, registry: TensorRegistry, trunk: Trunk, projection: ProjectionHead, prediction: PredictionHead option) =
    let mutable training = true
    let mutable master = torch.float32
    let mutable compute = torch.float32

    let input (x: torch.Tensor) =
        if x.Dimensions <> 4 || x.shape[1] <> 3L then
            let shape = String.Join(",", x.shape)
            invalidArg (nameof x) $"images must be [n,3,s,s], got [{shape}]"

        x.``to`` compute

    let features (pass: ForwardPass) x = trunk.Features pass (input x)

    /// What the encoder was made from.
    member _.Spec = spec

    /// Width of the trunk's output.
    member _.FeatureDim = trunk.Width

    /// Type of convolutions and activations: the master type (the default), or BFloat16 for mixed precision.
    member _.ComputeType
        with get () = compute
        and set (value: torch.ScalarType) =
            if value <> master && value <> torch.bfloat16 then
                invalidArg (nameof value) $"compute type must be {master} or BFloat16, got {value}"

            compute <- value

    /// Type of parameters, running statistics, features and embeddings.
    member _.MasterType = master

    /// Whether batch-norm takes statistics from the batch.
    member _.Training = training

    /// Statistics from the batch from now on.
    member _.Train() = training <- true

    /// Running statistics from now on.
    member _.Eval() = training <- false

    /// Replaces a tensor by its sum over all workers, for batch-norm over the batches of all; null (the default) for one
    /// worker. Called in forward and in backward, by all workers in the same order; must not throw.
    member val SumOverWorkers: Action<torch.Tensor> | null = null with get, set

    /// Trainable tensors in state-dictionary order. Their values may be replaced: FlatParameters does.
    member _.NamedParameters() = registry.Parameters

    /// Running statistics and counters in state-dictionary order.
    member _.NamedBuffers() = registry.Buffers

    /// Moves and converts every tensor (counters keep their type and stay on the CPU) and sets the compute type to
    /// dtype. Call before FlatParameters takes the parameters over.
    member _.To(device: torch.Device, dtype: torch.ScalarType) =
        let replace (named: NamedTensor) trainable =
            let old = named.Value

            let moved =
                old.detach().``to``(dtype, device, copy = true).requires_grad_(trainable).DetachFromDisposeScope()

            named.Value <- moved
            old.Dispose()

        use _ = torch.NewDisposeScope()
        registry.Parameters |> Seq.iter (fun p -> replace p true)

        registry.Buffers
        |> Seq.filter (fun b -> b.Value.dtype <> torch.int64)
        |> Seq.iter (fun b -> replace b false)

        master <- dtype
        compute <- dtype

    /// Trunk output before the head: [n,3,s,s] → [n,FeatureDim] in the master type.
    member this.Features(x: torch.Tensor) =
        use _ = torch.NewDisposeScope()
        use pass = new ForwardPass(training, compute, master, this.SumOverWorkers)
        (features pass x).MoveToOuterDisposeScope()

    /// Output of the projection head's first layer: [n,3,s,s] → [n,FeatureDim] in the master type.
    member this.FirstProjection(x: torch.Tensor) =
        use _ = torch.NewDisposeScope()
        use pass = new ForwardPass(training, compute, master, this.SumOverWorkers)
        projection.First(pass, features pass x).MoveToOuterDisposeScope()

    /// The trainable tensors that FirstProjection depends on, in state-dictionary order.
    member _.FirstProjectionParameters() =
        let later = [ "fc.fc2."; "fc.bn2."; "fc.fc3."; "pred." ]

        registry.Parameters
        |> Seq.filter (fun p ->
            later
            |> List.forall (fun prefix -> not (p.Name.StartsWith(prefix, StringComparison.Ordinal))))
        |> Seq.toArray

    /// groups: one batch [n_i,3,s_i,s_i] a resolution, each its own pass through trunk and heads (and so its own
    /// batch-norm batch), as published. Memory format is kept: pass an NHWC-strided view for channels-last speed.
    /// Returns h before and z after the prediction head, [Σn_i,OutputDim], master type; the same object without one.
    member this.Forward(groups: IReadOnlyList<torch.Tensor>) : struct (torch.Tensor * torch.Tensor) =
        if groups.Count = 0 then
            invalidArg (nameof groups) "an encoder needs at least one batch of images"

        use _ = torch.NewDisposeScope()
        use pass = new ForwardPass(training, compute, master, this.SumOverWorkers)

        let join (parts: torch.Tensor[]) =
            if parts.Length = 1 then parts[0] else torch.cat (parts, 0L)

        let embeddings = [| for x in groups -> projection.Forward(pass, features pass x) |]
        let h = (join embeddings).MoveToOuterDisposeScope()

        match prediction with
        | Some head ->
            let z = join [| for e in embeddings -> head.Forward(pass, e) |]
            struct (h, z.MoveToOuterDisposeScope())
        | None -> struct (h, h)

    interface IDisposable with
        member _.Dispose() =
            for named in Seq.append registry.Parameters registry.Buffers do
                named.Value.Dispose()

/// Making encoders from their published names.
[<RequireQualifiedAccess>]
module Encoder =

    let private (|Named|_|) pattern name =
        let m = Regex.Match(name, $@"^{pattern}\z")

        if m.Success then
            Some [ for g in Seq.tail m.Groups -> if g.Success then int g.Value else 1 ]
        else
            None

    /// An encoder in training mode on the CPU in float32, its values drawn from seed (He fan-out for convolutions,
    /// U(±1/√in) for linear layers, batch-norm scale 1 and shift 0). ArgumentException for an unknown name.
    let create (spec: EncoderSpec) (seed: int) =
        if spec.OutputDim < (if spec.UsePredHead then 4 else 1) then
            invalidArg (nameof spec) $"output_dim must be at least 1, and at least 4 with a prediction head, got {spec.OutputDim}"

        if spec.ProjLayers <> 2 && spec.ProjLayers <> 3 then
            invalidArg (nameof spec) $"proj_layers must be 2 or 3, got {spec.ProjLayers}"

        let registry = TensorRegistry(uint64 seed)

        let trunk =
            match spec.ModelName with
            | Named @"wide_resnet(\d{1,4})w(\d{1,3})" [ depth; width ] when depth >= 10 && (depth - 4) % 6 = 0 && width > 0 ->
                WideResNet.create registry depth width
            | Named "resnet(18|50|101|152)(?:w([124]))?" [ depth; width ] -> ResNet.create registry depth width false
            | "resnet18_small" -> ResNet.create registry 18 1 true
            | name ->
                invalidArg
                    (nameof spec)
                    $"unknown model name '{name}'; valid: wide_resnet{{depth}}w{{width}} with depth 10, 16, 22, 28, … (wide_resnet28w2), resnet18, resnet50, resnet101, resnet152, each with w2 or w4 for double or fourfold width, resnet18_small"

        let projection =
            ProjectionHead(registry, trunk.Width, spec.OutputDim, spec.ProjLayers)

        let prediction =
            if spec.UsePredHead then
                Some(PredictionHead(registry, spec.OutputDim))
            else
                None

        new Encoder(spec, registry, trunk, projection, prediction)
