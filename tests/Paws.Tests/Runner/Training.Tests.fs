module Paws.Tests.Runner.TrainingTests

open System
open System.IO
open System.Threading
open Expecto
open TorchSharp
open Paws.Model
open Paws.Runner
open Paws.Runner.Training
open Paws.Tests

let private tinyFor epochs out = TinyRun.onShapes epochs out []

let private tiny = tinyFor 2

let private weights (run: string) =
    [
        "model.safetensors"
        TrainingJob.FinetunedFileName
        TrainingJob.BaselineFileName
    ]
    |> List.map (fun name -> name, Convert.ToHexString(File.ReadAllBytes(Path.Combine(run, name))))

/// A run that is stopped after every step, and continued each time.
let private stepByStep (out: string) =
    let stopped = CancellationToken true
    let mutable sittings = 1
    let mutable outcome = PawsCommand.runUntil stopped (tiny out)

    while outcome.Code = 130 do
        if sittings > 60 then
            failtest "the run does not come to an end"

        sittings <- sittings + 1
        outcome <- PawsCommand.runUntil stopped [ "train"; "--out"; out; "--resume" ]

    Expect.equal outcome.Code 0 outcome.Error
    sittings

[<Tests>]
let tests =
    // Torch's thread count is set by every run, and one test counts all live tensors.
    testSequenced
    <| testList "Runner.Training" [
        test "the main job writes its result, its weights and its report" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            let result = PawsCommand.runForJson (tiny out)

            for key in
                [
                    "top1"
                    "top5"
                    "baseline_top1"
                    "seconds"
                    "images_per_second"
                    "peak_memory_mb"
                    "run_directory"
                    "dataset"
                    "labels"
                    "seed"
                    "hardware"
                ] do
                Expect.isTrue (result.ContainsKey key && not (isNull result[key])) key

            Expect.equal (result["labels"].GetValue<int>()) 20 "labels"

            for file in
                [
                    "report.html"
                    "figures/confusion.svg"
                    "figures/views.png"
                    "result.json"
                    "metrics.jsonl"
                    "config.yaml"
                    "labels.txt"
                    "model.safetensors"
                ] do
                Expect.isGreaterThan (FileInfo(Path.Combine(out, file)).Length) 0L file

            Expect.isEmpty (Directory.GetFiles(out, "*.part")) "nothing half-written"

            let again = PawsCommand.runForJson [ "eval"; out ]
            Expect.equal (again["top1"].ToString()) (result["top1"].ToString()) "eval finds what training found"

            let tuned = PawsCommand.runForJson [ "finetune"; out; "--epochs"; "2" ]
            Expect.equal (tuned["top1_before"].ToString()) (result["top1"].ToString()) "fine-tuning starts there"

            PawsCommand.expectMistake [ "already holds a run"; "--resume" ] (tiny out)
        }

        test "stopped after every step and resumed, it ends in the same weights bit for bit" {
            use scratch = new ScratchFolder()
            let whole, pieces = scratch.File "whole", scratch.File "pieces"
            let outcome = PawsCommand.run (tiny whole)
            Expect.equal outcome.Code 0 outcome.Error
            let sittings = stepByStep pieces
            Expect.isGreaterThan sittings 10 "it was really stopped"

            for (name, expected), (_, actual) in List.zip (weights whole) (weights pieces) do
                Expect.isTrue (expected = actual) name
        }

        test "the number of loader threads does not change the weights" {
            use scratch = new ScratchFolder()
            let one, three = scratch.File "one", scratch.File "three"

            for out, workers in [ one, "1"; three, "3" ] do
                let outcome =
                    PawsCommand.run (
                        tiny out
                        @ [
                            "--no-baseline"
                            "--set"
                            $"data.workers={workers}"
                            "--set"
                            "finetune.epochs=0"
                        ]
                    )

                Expect.equal outcome.Code 0 outcome.Error

            let bytes out =
                File.ReadAllBytes(Path.Combine(out, "model.safetensors"))

            Expect.isTrue (bytes one = bytes three) "weights"
        }

        test "a run leaves no tensors behind, however many steps it has" {
            use scratch = new ScratchFolder()

            let settled () =
                GC.Collect()
                GC.WaitForPendingFinalizers()
                torch.Tensor.TotalCount

            let live epochs =
                let before = settled ()
                let outcome = PawsCommand.run (tinyFor epochs (scratch.File $"run{epochs}"))
                Expect.equal outcome.Code 0 outcome.Error
                settled () - before

            live 2 |> ignore // what is made once in a process
            Expect.equal (live 4) (live 8) "live tensors after 16 and after 32 steps"
        }

        test "mistakes about the data are told in one line and leave nothing behind" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"

            PawsCommand.expectMistake [ "does not exist" ] [ "train"; "--data"; scratch.File "nowhere"; "--labels"; "10"; "--out"; out ]

            let empty = Directory.CreateDirectory(scratch.File "empty").FullName
            PawsCommand.expectMistake [ "empty" ] [ "train"; "--data"; empty; "--labels"; "10"; "--out"; out ]

            PawsCommand.expectMistake [ "labeled" ] (tiny out @ [ "--set"; "criterion.supervised_imgs_per_class=3" ])

            PawsCommand.expectMistake [ "optimization.warmup" ] (tiny out @ [ "--set"; "optimization.warmup=3" ])
            Expect.isFalse (Directory.Exists out) "no run directory"
        }
    ]
