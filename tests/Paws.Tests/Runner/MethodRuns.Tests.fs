module Paws.Tests.Runner.MethodRunsTests

open System
open System.IO
open System.Security.Cryptography
open System.Text.Json.Nodes
open System.Threading
open Expecto
open Paws.Tests

/// An epoch of four steps, the phases that are asked for and no other.
let private tiny (method: string) (more: string list) (out: string) =
    TinyRun.onShapes 1 out ([ "finetune.epochs=0"; "logging.log_every_steps=1" ] @ more)
    @ [ "--no-baseline"; "--method"; method ]

/// All weights that a run leaves behind, by file.
let private weights (run: string) =
    Directory.GetFiles(run, "*.safetensors")
    |> Array.map (fun path -> Path.GetFileName path, Convert.ToHexString(SHA256.HashData(File.ReadAllBytes path)))
    |> Array.filter (fun (name, _) -> not (name.StartsWith "checkpoint"))
    |> Map

/// Stopped after every step, and continued each time.
let private inPieces (first: string list) (next: string list) =
    let stopped = CancellationToken true
    let mutable sittings = 1
    let mutable outcome = PawsCommand.runUntil stopped first

    while outcome.Code = 130 do
        sittings <- sittings + 1
        outcome <- PawsCommand.runUntil stopped next

    Expect.equal outcome.Code 0 outcome.Error
    sittings

let private text (result: JsonObject) (key: string) = string result[key]

let private resultOf (run: string) =
    JsonNode.Parse(File.ReadAllText(Path.Combine(run, "result.json"))).AsObject()

let private phases (run: string) =
    File.ReadAllLines(Path.Combine(run, "metrics.jsonl"))
    |> Array.map (fun line ->
        let entry = JsonNode.Parse line
        string entry["phase"])
    |> Array.distinct

let private head = [
    "finetune.epochs=2"
    "finetune.method=head"
    "finetune.held_out=0.5"
    "finetune.batch_size=5"
]

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.MethodRuns" [
        for method, settings in
            [
                "supervised", [ "baseline.steps=3" ]
                "simclr", []
                "byol", [ "meta.use_pred_head=true" ]
                "swav", [ "method.freeze_prototypes=0.5" ]
                "simclr-suncet", []
                "fixmatch", []
                "simclrv2", "method.distill_epochs=1" :: head
            ] do
            test $"{method}: stopped after every step and resumed, it ends in the same weights bit for bit" {
                use scratch = new ScratchFolder()
                let whole, pieces = scratch.File "whole", scratch.File "pieces"
                let result = PawsCommand.runForJson (tiny method settings whole)

                let sittings =
                    inPieces (tiny method settings pieces) [ "train"; "--out"; pieces; "--resume" ]

                Expect.isGreaterThan sittings 2 "it was really stopped"
                Expect.equal (weights pieces) (weights whole) "weights"
                let again = resultOf pieces

                for key in [ "top1"; "best_top1"; "top1_finetuned"; "top1_distilled" ] do
                    Expect.equal (text again key) (text result key) key

                let classifies = List.contains method [ "supervised"; "fixmatch" ]
                Expect.equal (text result "method") method "method"
                Expect.stringContains (text result "protocol") (if classifies then "classifier" else "PAWS-NN") "protocol"
                Expect.equal (File.Exists(Path.Combine(whole, "model-classifier.safetensors"))) classifies "its classifier"

                let expected = [|
                    method
                    if method = "simclrv2" then
                        "head"
                        "head-held-out"
                        "distillation"
                |]

                Expect.equal (set (phases whole)) (set expected) "phases"

                for key in [ "finetune_seconds"; "distill_seconds"; "top1_distilled"; "top1_finetuned" ] do
                    Expect.equal (isNull result[key]) (method <> "simclrv2") key
            }

        test "fine-tuning by head leaves the pre-trained encoder and its accuracy as they are" {
            use scratch = new ScratchFolder()
            let plain, tuned = scratch.File "plain", scratch.File "tuned"
            let before = PawsCommand.runForJson (tiny "paws" [] plain)
            let after = PawsCommand.runForJson (tiny "paws" head tuned)
            let plain, tuned = weights plain, weights tuned
            Expect.equal tuned["model.safetensors"] plain["model.safetensors"] "model.safetensors"
            Expect.notEqual tuned["model-finetuned.safetensors"] tuned["model.safetensors"] "fine-tuned"
            Expect.equal (text after "top1") (text before "top1") "top-1"
            Expect.equal (text after "finetune_method") "head" "how"
        }

        test "paws finetune, stopped and resumed, ends in the same weights, those of the best epoch" {
            use scratch = new ScratchFolder()
            let run = scratch.File "run"
            let outcome = PawsCommand.run (tiny "paws" [] run)
            Expect.equal outcome.Code 0 outcome.Error

            let settings = head |> List.collect (fun setting -> [ "--set"; setting ])

            let finetune out =
                [ "finetune"; run; "--out"; out ] @ settings

            let whole, pieces = scratch.File "whole", scratch.File "pieces"
            let result = PawsCommand.runForJson (finetune whole)
            Expect.isGreaterThan (inPieces (finetune pieces) (finetune pieces @ [ "--resume" ])) 2 "it was really stopped"
            Expect.equal (weights pieces) (weights whole) "weights"
            let again = resultOf pieces

            for key in [ "top1"; "best_epoch"; "last_top1"; "held_out_top1" ] do
                Expect.equal (text again key) (text result key) key
        }

        test "the report of a method claims nothing of PAWS, and supervised training has no baseline" {
            use scratch = new ScratchFolder()

            for method, title in [ "fixmatch", "FixMatch"; "supervised", "Supervised" ] do
                let out = scratch.File method

                let outcome =
                    PawsCommand.run (TinyRun.onShapes 1 out [ "finetune.epochs=0" ] @ [ "--method"; method ])

                Expect.equal outcome.Code 0 outcome.Error
                let page = File.ReadAllText(Path.Combine(out, "report.html"))
                let shown = page[.. page.IndexOf("Resolved configuration")]
                Expect.stringContains shown $"{title} on shapes, 20 labels" "title"

                for claim in [ "ME-Max"; "PAWS"; "Figure 4" ] do
                    Expect.isFalse (shown.Contains claim) $"{method}: {claim}"

                Expect.equal (Array.contains "baseline" (phases out)) (method = "fixmatch") "a baseline beside it"
        }
    ]
