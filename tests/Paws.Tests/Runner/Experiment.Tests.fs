module Paws.Tests.Runner.ExperimentTests

open System
open System.IO
open System.Text.Json.Nodes
open Expecto
open Paws.Model
open Paws.Runner
open Paws.Runner.Config
open Paws.Tests

/// A few steps of pre-training and nothing else.
let private tiny out =
    TinyRun.onShapes 2 out [ "finetune.epochs=0" ] @ [ "--no-baseline" ]

/// PAWS with ME-Max weighed by a setting.
let private weighed (calls: float -> unit) =
    Experiment(
        "weighed",
        readOnlyDict [ "weight", 0.25; "other", 7.0 ],
        fun config step ->
            calls config.Experiment["weight"]

            let published =
                PawsLossOptions.Create(config.Criterion.Temperature, config.Criterion.Sharpen, true)

            let options = {
                published with
                    Regulariser = Some(Func<_, _>(fun p -> Scalars.multiply config.Experiment["weight"] (MeMax.regulariser p)))
            }

            PawsLoss.evaluate options step.Anchors step.Supports step.Labels step.Targets step.TargetSupports
    )

let private silent = weighed ignore

let private meMax (out: string) =
    File.ReadAllLines(Path.Combine(out, "metrics.jsonl"))
    |> Array.filter (fun line -> line.Contains "me_max")
    |> Array.map (fun line -> JsonNode.Parse(line).["me_max"].GetValue<float>())

[<Tests>]
let tests =
    // Torch's thread count is set by every run.
    testSequenced
    <| testList "Runner.Experiment" [
        test "an objective of one's own is trained, with its settings, in place of the published one" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            let mutable weights = []

            let outcome =
                PawsCommand.runExperiment
                    (weighed (fun weight -> weights <- weight :: weights))
                    (tiny out @ [ "--set"; "experiment.weight=0"; "--json" ])

            Expect.equal outcome.Code 0 outcome.Error
            // Two epochs of 40 images, 10 a step.
            Expect.equal weights (List.replicate 8 0.0) "the setting of each call"
            Expect.isNonEmpty (meMax out) "logged steps"
            Expect.allEqual (meMax out) 0.0 "no ME-Max"
            Expect.stringContains outcome.Error "the objective is weighed" "it says so"

            let result = JsonNode.Parse(File.ReadAllText(Path.Combine(out, "result.json")))
            Expect.equal (result["objective"].GetValue<string>()) "weighed" "result.json"
            let config = RunDirectory.ReadConfig out
            Expect.sequenceEqual config.Experiment.Numbers (readOnlyDict [ "other", 7.0; "weight", 0.0 ]) "config.yaml"
        }

        test "a run goes on only with the experiment and the settings that it began with" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            Expect.equal (PawsCommand.runExperiment silent (tiny out)).Code 0 "the run"
            let resume = [ "train"; "--out"; out; "--resume" ]
            Expect.equal (PawsCommand.runExperiment silent resume).Code 0 "the same"

            let other =
                PawsCommand.runExperiment silent (resume @ [ "--set"; "experiment.weight=1" ])

            Expect.equal other.Code 2 "another setting"
            Expect.stringContains other.Error "experiment.weight (1, was 0.25)" "which"

            PawsCommand.expectMistake [ "experiment.other"; "the published objective has no settings of its own" ] resume
        }

        test "evaluation takes the weights that an experiment left" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            Expect.equal (PawsCommand.runExperiment silent (tiny out)).Code 0 "the run"
            let again = PawsCommand.runForJson [ "eval"; out ]
            Expect.isTrue (again.ContainsKey "top1") "top1"
        }

        test "a setting that the experiment does not declare is refused, with the nearest" {
            use scratch = new ScratchFolder()

            let refused settings =
                let outcome =
                    PawsCommand.runExperiment silent (tiny (scratch.File "run") @ settings)

                Expect.equal outcome.Code 2 outcome.Error
                Expect.isFalse (Directory.Exists(scratch.File "run")) "nothing written"
                outcome.Error

            let near = refused [ "--set"; "experiment.wieght=1" ]
            Expect.stringContains near "did you mean \"experiment.weight\"?" "the nearest"
            let far = refused [ "--set"; "experiment.temperature_of_all=1" ]
            Expect.stringContains far "its settings are weight, other" "all"
            let text = refused [ "--set"; "experiment.weight=heavy" ]
            Expect.stringContains text "experiment.weight must be a number" "its type"
            let name = refused [ "--set"; "experiment.Weight=1" ]
            Expect.stringContains name "lower case" "its name"

            PawsCommand.expectMistake
                [ "experiment.weight"; "published objective" ]
                (tiny (scratch.File "run") @ [ "--set"; "experiment.weight=1" ])
        }

        test "a setting that was not declared cannot be read" {
            Expect.throwsC (fun () -> ExperimentSection()["weight"] |> ignore) (fun e -> Expect.stringContains e.Message "weight" "which")
        }
    ]
