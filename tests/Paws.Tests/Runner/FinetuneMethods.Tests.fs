module Paws.Tests.Runner.FinetuneMethodsTests

open System
open System.IO
open System.Text.Json.Nodes
open Expecto
open TorchSharp
open Paws.Model
open Paws.Runner
open Paws.Runner.Config
open Paws.Runner.Reporting
open Paws.Runner.Training
open Paws.Tests

/// A pre-trained run with four labels a class (one held out at a share of 0.25), and no other phase.
let private pretrained out =
    let outcome =
        PawsCommand.run (
            TinyRun.train 1 40 out [ "data.shapes_train=60"; "data.shapes_test=20"; "finetune.epochs=0" ]
            @ [ "--no-baseline" ]
        )

    Expect.equal outcome.Code 0 outcome.Error

/// A phase of a method on that run, its encoder as the run left it.
let private withPhase (run: string) (method: string) (check: RunSetting -> Encoder -> ClassifierPhase -> unit) =
    let config =
        ConfigLoader.LoadFile(RunDirectory.ConfigOf run) |> DatasetDefaults.Resolve

    let config =
        ConfigLoader.Refine(
            config,
            [|
                $"finetune.method={method}"
                "finetune.epochs=3"
                "finetune.held_out=0.25"
                "finetune.batch_size=64"
                "meta.use_fp16=false"
            |],
            fun c -> c
        )

    use setting =
        RunSetting.Open(config, CommandConsole.ForProcess(true, TextWriter.Null, TextWriter.Null))

    use encoder = setting.NewEncoder()
    use phase = new ClassifierPhase(setting, encoder)
    check setting encoder phase

let private batchOf (setting: RunSetting) (phase: ClassifierPhase) step =
    use loader =
        setting.OpenLoader((fun s -> if s <= step then phase.Plan s else null), step)

    use uploads = new Uploads(setting.Device)
    let batch = loader.Next()
    let images = uploads.Take batch
    images[0].clone(), batch.Plan

let private bytesOf (t: torch.Tensor) =
    t.detach().cpu().contiguous().bytes.ToArray()

let private copies (encoder: Encoder) =
    Seq.append (encoder.NamedParameters()) (encoder.NamedBuffers())
    |> Seq.map (fun t -> t.Name, bytesOf t.Value)
    |> Seq.toArray

let private changed before after =
    Array.zip before after
    |> Array.filter (fun ((_, a: byte[]), (_, b)) -> a <> b)
    |> Array.map (fun ((name, _), _) -> name)
    |> Set

let private train (setting: RunSetting) (phase: ClassifierPhase) =
    for step in 0 .. phase.TotalSteps - 1 do
        use _ = torch.NewDisposeScope()
        let images, plan = batchOf setting phase step
        phase.Parameters.ZeroGrad()
        phase.Loss([| images |], plan, false).Loss.backward()
        phase.Update step

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.FinetuneMethods" [
        test "both methods start at loss log K; linear moves no bit of the encoder, head all it keeps and nothing else" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            pretrained out

            for method in [ "head"; "linear" ] do
                withPhase out method (fun setting encoder phase ->
                    encoder.Eval()
                    let images, plan = batchOf setting phase 0
                    let loss = phase.Loss([| images |], plan, false).Loss.item<float32>()
                    Expect.floatClose Expecto.Accuracy.medium (float loss) (log 10.0) method

                    let trained = set phase.Split.Trained
                    Expect.isEmpty (Set.intersect trained (set phase.Split.Held)) "no image on both sides"
                    Expect.equal (trained.Count, phase.Split.Held.Length) (30, 10) "a quarter of each class"

                    for step in 0 .. phase.TotalSteps - 1 do
                        for group in phase.Plan(step).Groups do
                            for row in group.Rows do
                                Expect.isTrue (trained.Contains row.Sample) "held-out images are never trained on"

                    let before = copies encoder
                    train setting phase
                    let moved = changed before (copies encoder)

                    let expected =
                        if method = "linear" then
                            Set.empty
                        else
                            // and the running statistics of the layers that are kept
                            encoder.NamedBuffers()
                            |> Seq.map _.Name
                            |> Seq.filter (fun name -> not (name.StartsWith "fc.bn2"))
                            |> Seq.append (encoder.FirstProjectionParameters() |> Seq.map _.Name)
                            |> Set

                    Expect.isEmpty (moved - expected) method

                    // A bias before a normalisation by the batch's own mean has no gradient but rounding.
                    let still =
                        expected - moved
                        |> Set.filter (fun name -> not (name.Contains "conv" && name.EndsWith ".bias" || name = "fc.fc1.bias"))

                    Expect.isEmpty still method)
        }

        test "the first step of linear evaluation is its closed form" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            pretrained out

            withPhase out "linear" (fun setting encoder phase ->
                encoder.Eval()
                let images, plan = batchOf setting phase 0
                let features = encoder.Features(images).detach().``to`` torch.float64
                let rows, width = int features.shape[0], int features.shape[1]
                let f = features.cpu().contiguous().data<float>().ToArray()
                phase.Parameters.ZeroGrad()
                phase.Loss([| images |], plan, false).Loss.backward()
                phase.Update 0
                let struct (_, weight) = Seq.head phase.Classifier
                let w = weight.detach().cpu().contiguous().data<float32>().ToArray()
                // Nesterov from rest at rate lr: w = −(1 + μ) lr g, with g = (1/K − Y)ᵀ F / n.
                let push = 1.9 * setting.Config.Finetune.LinearLr / float rows

                for k in 0..9 do
                    for j in 0 .. width - 1 do
                        let g =
                            Seq.sum (
                                seq {
                                    for i in 0 .. rows - 1 do
                                        let y = if plan.SupportClasses[i] = k then 1.0 else 0.0
                                        (0.1 - y) * f[i * width + j]
                                }
                            )

                        Expect.isLessThan (abs (float w[k * width + j] + push * g)) 1e-6 $"weight {k}, {j}")
        }

        test "the command says method, protocol, last and best epoch, and the best epoch is the file's" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            pretrained out

            for method in [ "head"; "linear" ] do
                let result =
                    PawsCommand.runForJson [
                        "finetune"
                        out
                        "--method"
                        method
                        "--epochs"
                        "3"
                        "--set"
                        "finetune.held_out=0.25"
                    ]

                Expect.equal (result["method"].GetValue<string>()) method "method"
                Expect.equal (result["last_epoch"].GetValue<float>()) 3.0 "last epoch"
                Expect.equal (result["held_out_images"].GetValue<int>()) 10 "held out"
                let folder = Path.Combine(out, "finetune-" + method)
                Expect.isTrue (File.Exists(Path.Combine(folder, "classifier.safetensors"))) "classifier"

                let judged =
                    File.ReadAllLines(Path.Combine(folder, "metrics.jsonl"))
                    |> Array.map (fun line -> JsonNode.Parse line)
                    |> Array.filter (fun line -> line["phase"].GetValue<string>() = method + "-held-out")
                    |> Array.map (fun line -> line["epoch"].GetValue<float>(), line["top1"].GetValue<float>())

                Expect.hasLength judged 3 "one judgement an epoch"
                let best = judged |> Array.map snd |> Array.max

                let epoch =
                    judged |> Array.filter (fun (_, top1) -> top1 = best) |> Array.last |> fst

                Expect.floatClose Expecto.Accuracy.medium (result["best_epoch"].GetValue<float>()) epoch "best epoch"

            PawsCommand.expectMistake [ "finetune.method"; "head"; "linear"; "suncet" ] [ "finetune"; out; "--method"; "heads" ]
        }

        test "a class always keeps an image to train on, and images from outside are never labeled ones" {
            let labels = [| 0; 0; 0; 1; 1; -1; 2; 2; 2; 2 |]
            let split = HeldOutSplit.Of(labels, [| 0; 1; 3; 6; 7 |], 0.9, 0, 5)

            let classes =
                split.Trained |> Array.map (fun i -> labels[i]) |> Array.distinct |> Array.sort

            Expect.equal classes [| 0; 1; 2 |] "every class"
            Expect.equal (Array.sort (Array.append split.Trained split.Held)) [| 0; 1; 3; 6; 7 |] "all of them, once"
            let outside = HeldOutSplit.Of(labels, [| 0; 1; 3; 6; 7 |], 0.9, 100, 5)
            Expect.equal outside.Held [| 2; 4; 8; 9 |] "those with a class, outside the labeled ones"
            Expect.equal outside.Trained [| 0; 1; 3; 6; 7 |] "all labeled ones are trained on"
        }
    ]
