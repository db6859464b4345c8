module Paws.Tests.Runner.ResumeTests

open System
open System.IO
open System.Text.Json.Nodes
open System.Threading
open Expecto
open TorchSharp
open Paws.Runner.Checkpoints
open Paws.Runner.Commands
open Paws.Runner.Config
open Paws.Runner.Training
open Paws.Tests

let private oneStep arguments =
    let outcome = PawsCommand.runUntil (CancellationToken true) arguments
    Expect.equal outcome.Code 130 outcome.Error

let private resume out more =
    [ "train"; "--out"; out; "--resume" ] @ more

let private set settings =
    settings |> List.collect (fun (setting: string) -> [ "--set"; setting ])

/// Names of the tensors in a file that hold something else than finite numbers.
let private notFinite (path: string) =
    use file = SafeTensorsReader.Open path

    [
        for name in file.Names do
            use tensor = file.Read name

            if
                name <> BestEpoch.JudgedName
                && not (isNull (Finite.FirstNot [ struct (name, tensor) ]))
            then
                name
    ]

let private checkpoint (out: string) =
    Path.Combine(out, RunCheckpoint.FileName)

let private stepOf (path: string) =
    use saved = RunCheckpoint.Load path
    saved.State.Step

/// A file's first number of each tensor replaced by one that is none.
let private spoil (path: string) =
    let tensors = [
        use file = SafeTensorsReader.Open path

        for name in file.Names do
            let tensor = file.Read name

            if tensor.is_floating_point () then
                tensor.fill_ (nan.ToScalar()) |> ignore

            struct (name, tensor)
    ]

    RunCheckpoint.SaveModel(path, tensors)

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.Resume" [
        test "a run that diverges keeps its good checkpoint, and goes on as its message says" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"

            oneStep (TinyRun.onShapes 3 out [ "finetune.epochs=0" ] @ [ "--no-baseline" ])

            let steep =
                set [
                    "optimization.lr=1e30"
                    "optimization.start_lr=1e30"
                    "logging.log_every_steps=50" // not looked at before it is saved
                    "logging.checkpoint_every_seconds=0"
                ]

            let diverged = PawsCommand.run (resume out steep)
            Expect.equal diverged.Code 2 diverged.Error
            Expect.stringContains diverged.Error "PAWS + SuNCEt pre-training has diverged: its weights have grown to" "what"

            for key in [ "optimization.lr"; "optimization.start_lr" ] do
                Expect.stringContains diverged.Error $"--set {key}=" "how to go on"

            for file in Directory.GetFiles(out, "*.safetensors") do
                Expect.isEmpty (notFinite file) file

            let good = stepOf (checkpoint out)

            let mended =
                PawsCommand.run (resume out (set [ "optimization.lr=0.05"; "optimization.start_lr=0.02" ]))

            Expect.equal mended.Code 0 mended.Error
            Expect.stringContains mended.Out "optimization.lr (0.05, was" "said"
            Expect.equal (RunDirectory.ReadConfig out).Optimization.Lr 0.05 "in config.yaml"
            let changes = File.ReadAllLines(Path.Combine(out, RunDirectory.ChangesName))
            Expect.hasLength changes 2 "a line each time"
            let last = JsonNode.Parse changes[1]
            Expect.equal (last["step"].GetValue<int64>()) good "from which step on"
            Expect.equal (last["changes"].["optimization.lr"].[1].GetValue<string>()) "0.05" "to what"
        }

        test "a run that diverges at once has nothing saved, and goes on from the beginning" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"

            let steep = [
                "optimization.lr=1e30"
                "optimization.start_lr=1e30"
                "optimization.warmup=0"
                "finetune.epochs=0"
                "logging.checkpoint_every_seconds=0"
                "logging.log_every_steps=50"
            ]

            PawsCommand.expectMistake [ "has diverged"; "--resume" ] (TinyRun.onShapes 2 out steep @ [ "--no-baseline" ])

            for file in Directory.GetFiles(out, "*.safetensors") do
                Expect.isEmpty (notFinite file) file

            let mended =
                PawsCommand.run (resume out (set [ "optimization.lr=0.05"; "optimization.start_lr=0.02" ]))

            Expect.equal mended.Code 0 mended.Error
        }

        test "weights that are not finite are neither evaluated nor fine-tuned" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"

            let outcome =
                PawsCommand.run (TinyRun.onShapes 1 out [ "finetune.epochs=0" ] @ [ "--no-baseline" ])

            Expect.equal outcome.Code 0 outcome.Error
            spoil (Path.Combine(out, RunCheckpoint.ModelFileName))
            PawsCommand.expectMistake [ "not finite"; "--checkpoint" ] [ "eval"; out ]
            PawsCommand.expectMistake [ "not finite"; "--checkpoint" ] [ "finetune"; out; "--epochs"; "1" ]
            Expect.isFalse (Directory.Exists(Path.Combine(out, "finetune"))) "nothing is left behind"
            // A checkpoint of an earlier version may be so too.
            let file = checkpoint out

            do
                use saved = RunCheckpoint.Load file
                let bad = torch.full (3L, nan.ToScalar())
                RunCheckpoint.Save(file, [ struct ("encoder.w", bad) ], saved.State)

            let previous = RunCheckpoint.PreviousOf file
            Expect.isTrue (File.Exists previous) "there is one before it"
            let again = PawsCommand.run (resume out [])
            Expect.stringContains again.Error $"going on from {previous}" "told"
        }

        test "data that was moved and a device that is named are no obstacle; other data is" {
            use scratch = new ScratchFolder()
            let here, there, out = scratch.File "here", scratch.File "there", scratch.File "run"

            Expect.equal (PawsCommand.run [ "data"; "make"; here; "--train"; "40"; "--test"; "20" ]).Code 0 "data"

            oneStep (
                TinyRun.train 2 20 out [ "finetune.epochs=0" ]
                @ [ "--data"; here; "--no-baseline" ]
            )

            Directory.Move(here, there)
            let lost = PawsCommand.run (resume out [])
            Expect.equal lost.Code 2 lost.Error

            let moved =
                PawsCommand.runUntil (CancellationToken true) (resume out [ "--data"; there; "--device"; "cpu" ])

            Expect.equal moved.Code 130 moved.Error
            Expect.stringContains moved.Out $"data.root_path ({there}, was {here})" "said"
            Expect.equal (RunDirectory.ReadConfig out).Data.RootPath there "kept"

            let image =
                Directory.GetFiles(Path.Combine(there, "train"), "*.png", SearchOption.AllDirectories)[0]

            File.Delete image
            PawsCommand.expectMistake [ "not those that the run began with"; "39 training"; "were 40" ] (resume out [])
        }

        test "every remedy that a message names is one that a continuation accepts" {
            let phases = [
                "paws"
                "simclr"
                "byol"
                "fixmatch"
                "supervised"
                "suncet"
                "head"
                "linear"
                "distillation"
                "baseline"
            ]

            for key in
                List.collect (Diverged.Keys >> List.ofSeq) phases
                @ [
                    "data.skip_bad_images" // an image that cannot be read
                    "data.root_path" // data that is not where it was
                    "meta.device" // a device that is not there
                    "data.workers"
                    "meta.threads"
                ] do
                Expect.isNotNull (ConfigSchema.Find key) key
                Expect.isTrue (RunDirectory.MayChange key) key

            // What memory depends on is what is computed: that message names another --out.
            for key in OutOfMemory.Keys do
                Expect.isNotNull (ConfigSchema.Find key) key
                Expect.isFalse (RunDirectory.MayChange key) key

            Expect.stringContains (OutOfMemory.Describe(OutOfMemoryException())) "--out" "a new run"
        }

        test "memory that runs out is told in one line, with the settings that take less" {
            let spoken (e: exn) =
                let words = OutOfMemory.Describe e
                Expect.isNotNull words e.Message
                Expect.stringContains words "criterion.unsupervised_batch_size" "a remedy"
                Expect.isFalse (words.Contains '\n') "one line"
                words

            let native =
                try
                    use impossible = torch.empty (1L <<< 50)
                    failtest $"{impossible.numel ()} numbers were allocated"
                with
                | :? AssertException -> reraise ()
                | e -> e

            Expect.stringContains (spoken native) "GiB" "how much"

            let external text =
                Runtime.InteropServices.ExternalException text

            Expect.stringContains
                (spoken (external "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0"))
                "GPU's memory (20.00 GiB"
                "GPU"

            spoken (external "std::bad_alloc") |> ignore
            spoken (OutOfMemoryException()) |> ignore

            spoken (ArgumentException "Span only supports up to int.MaxValue elements.")
            |> ignore

            // A real one: a view is larger than anything in .NET may be.
            use scratch = new ScratchFolder()

            PawsCommand.expectMistake
                [ "memory"; "ran out"; "views.large_size" ]
                (TinyRun.onShapes 1 (scratch.File "run") [ "views.large_size=100000" ])

            Expect.isNull (OutOfMemory.Describe(InvalidOperationException "boom")) "anything else"
        }
    ]
