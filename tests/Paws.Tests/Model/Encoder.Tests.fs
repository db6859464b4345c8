module Paws.Tests.Model.EncoderTests

open System
open Expecto
open TorchSharp
open Paws.Model
open Paws.Tests

let private small = {
    ModelName = "wide_resnet10w1"
    OutputDim = 16
    ProjLayers = 3
    UsePredHead = true
}

let private images (seed: int) (count: int) (size: int) =
    use generator = new torch.Generator(uint64 seed, torch.CPU)

    torch.randn ([| int64 count; int64 size; int64 size; 3L |], dtype = torch.float32, generator = generator)
    |> _.permute(0L, 3L, 1L, 2L)

let private count (encoder: Encoder) =
    encoder.NamedParameters() |> Seq.sumBy (fun p -> p.Value.numel ())

/// Gradient of Σ h·cos(flat index) after one pass over two resolutions.
let private gradient (compute: torch.ScalarType) =
    use encoder =
        Encoder.create
            {
                small with
                    ModelName = "wide_resnet10w2"
                    UsePredHead = false
            }
            3

    encoder.ComputeType <- compute
    use flat = new FlatParameters(encoder.NamedParameters())
    let struct (h, z) = encoder.Forward [| images 1 64 16; images 2 96 10 |]
    Expect.isTrue (obj.ReferenceEquals(h, z)) "one tensor without a prediction head"
    Expect.equal h.dtype torch.float32 "embeddings in the master type"
    let index = torch.arange(h.numel (), dtype = torch.float32).reshape h.shape
    (h * index.cos ()).sum().backward()
    flat.Gradients.clone ()

let private step (encoder: Encoder) (flat: FlatParameters) (lars: Lars) =
    use _ = torch.NewDisposeScope()
    flat.ZeroGrad()
    let struct (_, z) = encoder.Forward [| images 1 8 16; images 2 8 10 |]
    (Scalars.square z).mean().backward()
    lars.Step 0.1

[<Tests>]
let tests =
    testList "Model.Encoder" [
        testCase "a head of two layers leaves out the middle one and keeps the others' names; of three it is the published one"
        <| fun () ->
            let heads layers =
                use encoder =
                    Encoder.create
                        {
                            small with
                                ProjLayers = layers
                                UsePredHead = false
                        }
                        0

                let head (tensors: System.Collections.Generic.IReadOnlyList<NamedTensor>) = [
                    for t in tensors do
                        if t.Name.StartsWith "fc." then
                            t.Name, Seq.toList t.Value.shape
                ]

                head (encoder.NamedParameters()), head (encoder.NamedBuffers()) |> List.map fst

            let layer k = [ $"fc.fc{k}.weight", [ 64L; 64L ]; $"fc.fc{k}.bias", [ 64L ] ]
            let norm k = [ $"fc.bn{k}.weight", [ 64L ]; $"fc.bn{k}.bias", [ 64L ] ]
            let last = [ "fc.fc3.weight", [ 16L; 64L ]; "fc.fc3.bias", [ 16L ] ]

            let running k =
                [ "running_mean"; "running_var"; "num_batches_tracked" ]
                |> List.map (fun name -> $"fc.bn{k}.{name}")

            Expect.equal (heads 2) (layer 1 @ norm 1 @ last, running 1) "two"
            Expect.equal (heads 3) (layer 1 @ norm 1 @ layer 2 @ norm 2 @ last, running 1 @ running 2) "three"
            Expect.throwsT<ArgumentException> (fun () -> heads 4 |> ignore) "four"

        testCase "bf16 gradient is close to the fp32 gradient and arrives in fp32"
        <| fun () ->
            use _ = torch.NewDisposeScope()
            let exact, rounded = gradient torch.float32, gradient torch.bfloat16
            Expect.equal rounded.dtype torch.float32 "type"
            let cosine = (exact * rounded).sum() / (exact.norm () * rounded.norm ())
            Expect.isGreaterThan (Scalars.value (cosine)) 0.98 "cosine"
            Expect.isLessThan (Scalars.value (cosine)) 0.9999999 "bf16 really was used"

        testCase "as many live tensors after N steps as after 2N"
        <| fun () ->
            use _ = torch.NewDisposeScope()
            use encoder = Encoder.create small 0
            encoder.ComputeType <- torch.bfloat16
            use flat = new FlatParameters(encoder.NamedParameters())
            use lars = new Lars(flat, LarsOptions.Default)

            let live () =
                DisposeScopeManager.Statistics.ThreadTotalLiveCount

            let after n =
                for _ in 1..n do
                    step encoder flat lars

                live ()

            let once = after 3
            Expect.equal (after 3) once "live tensors"

        testCase "the same seed gives the same values, another seed others"
        <| fun () ->
            use _ = torch.NewDisposeScope()

            let values seed =
                let encoder = Encoder.create small seed
                use flat = new FlatParameters(encoder.NamedParameters())
                flat.Values.clone ()

            Expect.isTrue ((values 5).Equals(values 5)) "same"
            Expect.isFalse ((values 5).Equals(values 6)) "different"

        testCase "memory format does not change the result"
        <| fun () ->
            use _ = torch.NewDisposeScope()
            use encoder = Encoder.create small 0
            encoder.To(torch.CPU, torch.float64)
            let x = (images 0 4 12).``to`` torch.float64
            let struct (_, channelsLast) = encoder.Forward [| x |]
            let struct (_, plain) = encoder.Forward [| x.contiguous () |]
            Expect.isLessThan (Golden.relativeError plain channelsLast) 1e-10 "relative error"

        testCase "each resolution has batch statistics of its own; evaluation changes none"
        <| fun () ->
            use _ = torch.NewDisposeScope()
            use encoder = Encoder.create small 0

            let buffer name =
                encoder.NamedBuffers() |> Seq.find (fun b -> b.Name = name) |> _.Value

            encoder.Forward [| images 1 4 12; images 2 4 8 |] |> ignore
            Expect.equal ((buffer "fc.bn1.num_batches_tracked").item<int64>()) 2L "passes"
            let before = (buffer "bn1.running_mean").clone()
            encoder.Eval()
            let struct (both, _) = encoder.Forward [| images 1 4 12; images 2 4 8 |]
            let struct (first, _) = encoder.Forward [| images 1 4 12 |]
            Expect.isTrue (before.Equals(buffer "bn1.running_mean")) "running mean untouched"
            Expect.equal ((buffer "bn1.num_batches_tracked").item<int64>()) 2L "count untouched"
            Expect.isLessThan (Golden.relativeError first (both.narrow (0L, 0L, 4L))) 1e-5 "rows do not mix"

        testCase "sizes of the other networks"
        <| fun () ->
            // Parameter counts of the standard networks without their classifier.
            for name, trunk in [ "resnet18", 11176512L; "resnet18_small", 11168832L; "resnet101", 42500160L ] do
                use encoder =
                    Encoder.create
                        {
                            ModelName = name
                            OutputDim = 8
                            ProjLayers = 3
                            UsePredHead = false
                        }
                        0

                let d = int64 encoder.FeatureDim
                let head = 2L * (d * d + d + 2L * d) + d * 8L + 8L
                Expect.equal (count encoder - head) trunk name

        testCase "features of a wider ResNet"
        <| fun () ->
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()

            use encoder =
                Encoder.create
                    {
                        ModelName = "resnet18w2"
                        OutputDim = 8
                        ProjLayers = 3
                        UsePredHead = false
                    }
                    0

            Expect.equal encoder.FeatureDim 1024 "width"
            Expect.equal (encoder.Features(images 0 2 64)).shape [| 2L; 1024L |] "shape"

        testCase "an unknown name is refused with the valid ones"
        <| fun () ->
            for name in
                [
                    "resnet34"
                    "wide_resnet29w2"
                    "wide_resnet28w0"
                    "resnet50w3"
                    "ResNet50"
                    ""
                ] do
                let error =
                    Expect.throwsC (fun () -> Encoder.create { small with ModelName = name } 0 |> ignore) (fun e -> e)

                Expect.isTrue (error :? ArgumentException) name
                Expect.stringContains error.Message "wide_resnet28w2" name
                Expect.stringContains error.Message "resnet18_small" name

        testCase "images of another shape are refused"
        <| fun () ->
            use encoder = Encoder.create small 0
            use x = torch.zeros (2L, 12L, 12L, 3L)
            Expect.throwsT<ArgumentException> (fun () -> encoder.Forward [| x |] |> ignore) "NHWC"
            Expect.throwsT<ArgumentException> (fun () -> encoder.Forward [||] |> ignore) "nothing"

        testCase "flat parameters: leaves are views, backward adds in place"
        <| fun () ->
            use _ = torch.NewDisposeScope()
            let x = torch.arange (12L, dtype = torch.float64)

            let parameters = [|
                NamedTensor("w", torch.ones(4L, 3L, dtype = torch.float64).requires_grad_ true)
                NamedTensor("b", torch.full([| 4L |], 2.0.ToScalar(), dtype = torch.float64).requires_grad_ true)
            |]

            use flat = new FlatParameters(parameters)
            Expect.equal [ for s in flat.Segments -> s.Offset, s.Count, s.Adapts ] [ 0L, 12L, true; 16L, 4L, false ] "places"
            Expect.equal flat.ParameterCount 16L "count"

            let loss () =
                (parameters[0].Value * x.reshape (4L, 3L)).sum() + parameters[1].Value.sum()

            (loss ()).backward()
            (loss ()).backward()
            Expect.equal (Scalars.value (flat.Gradients.sum ())) (2.0 * (66.0 + 4.0)) "two passes add up"
            flat.ZeroGrad()
            (loss ()).backward()
            Expect.equal (Scalars.value (flat.Gradients.sum ())) 70.0 "the view survives clearing"
            flat.Values.fill_ (3.0.ToScalar()) |> ignore
            Expect.equal (Scalars.value (parameters[0].Value.sum())) 36.0 "values are shared"
    ]
