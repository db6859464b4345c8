module Paws.Tests.Runner.CommandLineTests

open System
open System.IO
open System.Threading
open Expecto
open Paws.Data
open Paws.Runner
open Paws.Runner.Commands
open Paws.Runner.Config
open Paws.Tests

/// Jobs that note what they were asked for and then do as told.
type private Recorder(action: unit -> int) =
    member val Train: TrainRequest = null with get, set
    member val Eval: EvalRequest = null with get, set
    member val Finetune: FinetuneRequest = null with get, set

    interface IJobs with
        member this.Train(request, console, _) =
            this.Train <- request
            console.Say "training"
            let result = System.Text.Json.Nodes.JsonObject()
            result["top1"] <- System.Text.Json.Nodes.JsonValue.Create 0.5
            console.WriteResult result
            action ()

        member this.Eval(request, _, _) =
            this.Eval <- request
            action ()

        member this.Finetune(request, _, _) =
            this.Finetune <- request
            action ()

type private Outcome = {
    Code: int
    Out: string
    Error: string
    Jobs: Recorder
}

let private runThen (action: unit -> int) (stop: CancellationToken) (arguments: string list) =
    let out, error, jobs = new StringWriter(), new StringWriter(), Recorder action

    let host =
        CommandHost(
            Jobs = jobs,
            Output = out,
            Error = error,
            Stop = stop,
            CommandLine = String.Join(' ', "paws" :: arguments),
            Now = DateTime(2026, 1, 31, 17, 59, 59),
            CheckDevice = ignore
        )

    let code = CommandLine.Run(List.toArray arguments, host)

    {
        Code = code
        Out = out.ToString()
        Error = error.ToString()
        Jobs = jobs
    }

let private run arguments =
    runThen (fun () -> 0) CancellationToken.None arguments

/// The command fails with the code, one line on standard error holding all parts, and nothing on standard output.
let private failsWith code (parts: string list) (outcome: Outcome) =
    Expect.equal outcome.Code code outcome.Error
    Expect.equal outcome.Out "" "standard output"
    let lines = outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
    Expect.hasLength lines 1 outcome.Error
    Expect.stringStarts lines[0] "paws: " "who speaks"

    for part in parts do
        Expect.stringContains lines[0] part "message"

let private verbs = [
    []
    [ "train" ]
    [ "eval" ]
    [ "finetune" ]
    [ "data" ]
    [ "data"; "list" ]
    [ "data"; "check" ]
    [ "data"; "make" ]
    [ "data"; "convert" ]
    [ "doctor" ]
    [ "bench" ]
    [ "bench"; "step" ]
    [ "bench"; "growth" ]
    [ "bench"; "augment" ]
    [ "bench"; "data" ]
]

[<Tests>]
let help =
    testList "Runner.CommandLine.help" [
        for verb in verbs ->
            let name = String.Join(' ', "paws" :: verb)

            test $"{name} --help has examples and fits 100 columns" {
                let outcome = run (verb @ [ "--help" ])
                Expect.equal outcome.Code 0 outcome.Error
                let lines = outcome.Out.Split '\n'
                let examples = lines |> Array.skipWhile (fun line -> line <> "Examples:")
                Expect.isTrue (examples |> Array.exists (fun line -> line.StartsWith $"  {name}")) "an example of this verb"

                for line in lines do
                    Expect.isLessThanOrEqual line.Length 100 line
            }
    ]

[<Tests>]
let usage =
    testList "Runner.CommandLine.usage" [
        test "every example of train, eval and finetune is a command line that parses" {
            for verb in [ "train"; "eval"; "finetune"; "data"; "doctor"; "bench" ] do
                let host =
                    CommandHost(Jobs = Recorder(fun () -> 0), Output = TextWriter.Null, Error = TextWriter.Null)

                let examples =
                    (run [ verb; "--help" ]).Out.Split '\n'
                    |> Array.map _.Trim()
                    |> Array.filter _.StartsWith("paws ")
                    |> Array.filter (fun line ->
                        not (
                            line.Contains "[options]"
                            || line.Contains "<command>"
                            || line.Contains "[command]"
                        ))

                Expect.isNonEmpty examples verb

                for example in examples do
                    let parse = CommandLine.Create(host).Parse(example.Split(' ') |> Array.skip 1)
                    Expect.isEmpty parse.Errors example
        }

        test "no verb shows the help" {
            let outcome = run []
            Expect.equal outcome.Code 0 ""
            Expect.stringContains outcome.Out "train" "verbs"
        }

        test "--version" { Expect.stringStarts (run [ "--version" ]).Out "paws 0." "" }
    ]

[<Tests>]
let train =
    testList "Runner.CommandLine.train" [
        test "with no options: built-in data, preset quick, a directory of its own" {
            let outcome = run [ "train" ]
            Expect.equal outcome.Code 0 outcome.Error
            let request = outcome.Jobs.Train
            let expected = DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick"))
            Expect.isEmpty (ConfigDiff.Describe(request.Config, expected)) "configuration"
            Expect.isNull request.DataDirectory "data"
            Expect.isFalse request.Resume "resume"

            let labels = expected.Data.LabelsPerClass.Value * 10
            let name = $"shapes-paws+suncet-{labels}-seed0-20260131-175959"
            Expect.equal request.OutDirectory (Path.GetFullPath(Path.Combine("runs", name))) "directory"
            Expect.isFalse (Directory.Exists request.OutDirectory) "nothing is written"
        }

        test "every option reaches the request" {
            use folder = new ScratchFolder()

            let outcome =
                run [
                    "train"
                    "--preset"
                    "cifar10-cpu"
                    "--data"
                    folder.Path
                    "--labels"
                    "40"
                    "--out"
                    folder.File "run"
                    "--device"
                    "cpu"
                    "--seed"
                    "3"
                    "--epochs"
                    "1.5"
                    "--json"
                    "--skip-bad-images"
                    "--no-baseline"
                    "--set"
                    "optimization.lr=1.5"
                    "--set"
                    "data.multicrop=1"
                ]

            Expect.equal outcome.Code 0 outcome.Error
            let request = outcome.Jobs.Train
            let config = request.Config
            Expect.equal config.Data.Dataset "cifar10" "dataset"
            Expect.equal request.DataDirectory folder.Path "data"
            Expect.equal config.Data.LabelsPerClass (Nullable 4) "labels"
            Expect.equal request.OutDirectory (folder.File "run") "out"
            Expect.equal config.Meta.Device "cpu" "device"
            Expect.equal config.Meta.Seed 3 "seed"
            Expect.equal config.Optimization.Epochs 1.5 "epochs"
            Expect.isTrue (request.Json && config.Data.SkipBadImages && not config.Baseline.Enabled) "switches"
            Expect.equal (config.Optimization.Lr, config.Data.Multicrop) (1.5, 1) "--set"
            Expect.equal outcome.Out "{\"top1\":0.5}\n" "standard output is the JSON object alone"
            Expect.stringContains outcome.Error "training" "people read standard error"
        }

        test "a folder of one's own: its classes fit the support mini-batch" {
            use folder = new ScratchFolder()

            for name in [ "cat"; "dog"; "owl" ] do
                Directory.CreateDirectory(folder.File name) |> ignore

            let outcome = run [ "train"; "--data"; folder.Path; "--labels"; "30" ]
            let config = outcome.Jobs.Train.Config
            Expect.equal config.Data.Dataset "folder" "dataset"
            Expect.equal config.Data.LabelsPerClass (Nullable 10) "labels a class"
            Expect.equal config.Criterion.ClassesPerBatch 3 "classes"
            Expect.stringContains outcome.Out "classes_per_batch = 3" "said"
        }

        test "a label file takes the place of the preset's labels" {
            let config = (run [ "train"; "--label-file"; "labels.txt" ]).Jobs.Train.Config
            Expect.equal config.Data.LabelFile (Path.GetFullPath "labels.txt") "file"
            Expect.isFalse config.Data.LabelsPerClass.HasValue "labels a class"
        }

        test "--config alone takes no preset" {
            use folder = new ScratchFolder()
            let file = folder.Write("c.yaml", "logging:\n  folder: here\n")
            let request = (run [ "train"; "--config"; file ]).Jobs.Train
            Expect.equal request.Config.Optimization.Epochs 600.0 "the published schedule"
            Expect.equal request.OutDirectory (Path.GetFullPath "here") "logging.folder is where the run goes"
        }

        test "mistakes" {
            run [ "train"; "--epoch"; "3" ]
            |> failsWith 2 [ "unknown option --epoch"; "did you mean --epochs"; "paws train --help" ]

            run [ "train"; "--epochs"; "x" ]
            |> failsWith 2 [ "--epochs takes a number, got x" ]

            run [ "train"; "--seed"; "1.5" ]
            |> failsWith 2 [ "--seed takes a whole number, got 1.5" ]

            run [ "train"; "--preset"; "quik" ] |> failsWith 2 [ "did you mean \"quick\"" ]

            run [ "train"; "--labels"; "9" ]
            |> failsWith 2 [ "--labels 9"; "10 classes"; "at least 10" ]

            for number in [ "0"; "1.5"; "every" ] do
                run [ "train"; "--labels"; number ]
                |> failsWith 2 [ "--labels"; "a whole number of at least 1, or the word all"; number ]

            run [ "train"; "--labels"; "10"; "--label-file"; "x" ]
            |> failsWith 2 [ "exclude each other" ]

            run [ "train"; "--resume" ] |> failsWith 2 [ "--out" ]
            run [ "train"; "--set"; "data.flip=7" ] |> failsWith 2 [ "data.flip"; "[0, 1]" ]
            run [ "train"; "stray" ] |> failsWith 2 [ "stray" ]
            run [ "trian" ] |> failsWith 2 [ "unknown command trian"; "did you mean train" ]
            run [ "data" ] |> failsWith 2 [ "list, check, make, convert" ]
            run [ "eval" ] |> failsWith 2 [ "eval" ]
        }

        test "a device that is not there" {
            let out, error = new StringWriter(), new StringWriter()
            let host = CommandHost(Jobs = Recorder(fun () -> 0), Output = out, Error = error)
            Expect.equal (CommandLine.Run([| "train"; "--device"; "cuda:99" |], host)) 2 ""
            Expect.stringContains (error.ToString()) "device cuda:99 is not there" ""
        }
    ]

[<Tests>]
let failures =
    let failing (e: exn) =
        runThen (fun () -> raise e) CancellationToken.None [ "eval"; "run" ]

    let train (e: exn) =
        let outcome =
            runThen (fun () -> raise e) CancellationToken.None [ "train"; "--json" ]

        {
            outcome with
                Out = ""
                Error = outcome.Error.Replace("training\n", "")
        }

    testList "Runner.CommandLine.failures" [
        test "the user's and the data's: code 2" {
            train (UserErrorException "do this") |> failsWith 2 [ "paws: error: do this" ]
            train (DataException "no images") |> failsWith 2 [ "no images" ]

            train (AggregateException(DataException "bad image"))
            |> failsWith 2 [ "bad image" ]
        }
        test "several problems, a line each" {
            let outcome = train (UserErrorException "one\ntwo")
            Expect.equal outcome.Error "paws: error: one\npaws: error: two\n" ""
        }
        test "a full disk" {
            Needs.fullDevice ()

            let e =
                try
                    File.WriteAllText("/dev/full", "x")
                    failtest "/dev/full took a byte"
                with e ->
                    e

            train e |> failsWith 2 [ "disk full while writing /dev/full"; "--resume" ]
        }
        test "no permission" {
            train (UnauthorizedAccessException "Access to the path '/x' is denied.")
            |> failsWith 2 [ "permission denied /x" ]
        }
        test "anything else: code 1, and how to see more" {
            train (InvalidOperationException "boom\nstack")
            |> failsWith 1 [ "unexpected InvalidOperationException: boom"; "PAWS_TRACE=1" ]
        }
        test "stopped: code 130" {
            use stop = new CancellationTokenSource()

            let job () =
                stop.Cancel()
                stop.Token.ThrowIfCancellationRequested()
                0

            let outcome = runThen job stop.Token [ "train" ]
            Expect.equal outcome.Code 130 outcome.Error
            Expect.stringContains outcome.Error "--resume" ""
        }
        test "a cancellation that nobody asked for is a failure" { train (OperationCanceledException()) |> failsWith 1 [] }
        test "eval and finetune need a run" {
            failing (Exception()) |> failsWith 2 [ "run directory run does not exist" ]
            run [ "finetune" ] |> failsWith 2 [ "paws finetune RUN" ]
        }
    ]

[<Tests>]
let runs =
    let made (folder: ScratchFolder) =
        RunDirectory.Create(folder.File "run", DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick")))
        folder.File "run"

    testList "Runner.RunDirectory" [
        test "another run is not written over" {
            use folder = new ScratchFolder()
            let directory = made folder

            run [ "train"; "--out"; directory ]
            |> failsWith 2 [ "already holds a run"; "--resume"; "--out" ]
        }
        test "resuming takes the run's own settings" {
            use folder = new ScratchFolder()
            let directory = made folder

            let outcome =
                run [
                    "train"
                    "--out"
                    directory
                    "--resume"
                    "--set"
                    "data.workers=3"
                    "--set"
                    "logging.log_every_steps=1"
                ]

            Expect.equal outcome.Code 0 outcome.Error
            Expect.isTrue outcome.Jobs.Train.Resume "resume"
        }
        test "resuming with other settings names them" {
            use folder = new ScratchFolder()
            let directory = made folder

            run [
                "train"
                "--out"
                directory
                "--resume"
                "--seed"
                "5"
                "--set"
                "optimization.lr=9"
            ]
            |> failsWith 2 [ "meta.seed (5, was 0)"; "optimization.lr (9, was" ]
        }
        test "resuming what is not there" {
            use folder = new ScratchFolder()

            run [ "train"; "--out"; folder.File "none"; "--resume" ]
            |> failsWith 2 [ "holds no run to continue" ]
        }
        test "a file in the way" {
            use folder = new ScratchFolder()
            run [ "train"; "--out"; folder.Write("x", "") ] |> failsWith 2 [ "is a file" ]
        }
        test "what is saved loads back, and no half-written file stays" {
            use folder = new ScratchFolder()
            let directory = made folder
            let expected = DatasetDefaults.Resolve(ConfigLoader.Load(preset = "quick"))
            Expect.isEmpty (ConfigDiff.Describe(RunDirectory.ReadConfig directory, expected)) ""
            Expect.equal (Directory.GetFiles directory) [| Path.Combine(directory, "config.yaml") |] "files"
        }
        test "eval takes the run's configuration" {
            use folder = new ScratchFolder()
            let directory = made folder

            let outcome =
                run [ "eval"; directory; "--set"; "evaluation.temperature=0.05"; "--json" ]

            Expect.equal outcome.Code 0 outcome.Error
            Expect.equal outcome.Jobs.Eval.Config.Evaluation.Temperature 0.05 "--set"
            Expect.equal outcome.Jobs.Eval.RunDirectory directory "directory"

            run [ "eval"; directory; "--checkpoint"; "none.safetensors" ]
            |> failsWith 2 [ "none.safetensors does not exist" ]
        }
        test "finetune: 30 epochs unless told, results in a folder of their own" {
            use folder = new ScratchFolder()
            let directory = made folder

            let request =
                (run [ "finetune"; directory; "--set"; "finetune.lr=0.05" ]).Jobs.Finetune

            Expect.equal (request.Config.Finetune.Epochs, request.Config.Finetune.Lr) (30.0, 0.05) "settings"
            Expect.equal request.OutDirectory (Path.Combine(directory, "finetune")) "out"
            let shorter = (run [ "finetune"; directory; "--epochs"; "2" ]).Jobs.Finetune
            Expect.equal shorter.Config.Finetune.Epochs 2.0 "--epochs"
            Expect.equal shorter.Config.Optimization.Epochs request.Config.Optimization.Epochs "pre-training stays"
        }
    ]

[<Tests>]
let tools =
    testList "Runner.CommandLine.tools" [
        test "doctor finds this machine ready" {
            let outcome = run [ "doctor"; "--json" ]
            Expect.equal outcome.Code 0 outcome.Out
            let report = System.Text.Json.Nodes.JsonNode.Parse outcome.Out
            Expect.isTrue (report["ready"].GetValue<bool>()) "ready"

            for finding in report["findings"].AsArray() do
                let remedy = finding["remedy"]
                Expect.isTrue (finding["state"].GetValue<string>() = "fine" || not (isNull remedy)) $"{finding} has a remedy"
        }
        test "doctor for people" {
            let outcome = run [ "doctor" ]
            Expect.stringContains outcome.Out "libtorch" ""
            Expect.stringContains outcome.Out "Ready: paws train" ""
        }
        test "data make, list, check" {
            use folder = new ScratchFolder()
            let shapes = folder.File "shapes"
            let made = run [ "data"; "make"; shapes; "--train"; "20"; "--test"; "10"; "--json" ]
            Expect.equal made.Code 0 made.Error
            Expect.hasLength (Directory.GetFiles(shapes, "*.png", SearchOption.AllDirectories)) 30 "images"
            Expect.stringContains (run [ "data"; "list"; folder.Path ]).Out $"--data {shapes}" "list"
            run [ "data"; "make"; shapes ] |> failsWith 2 [ "exists already" ]
            run [ "data"; "check"; folder.File "none" ] |> failsWith 2 [ "none" ]
        }
    ]
