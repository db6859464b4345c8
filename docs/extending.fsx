(**
# From an idea to a tested, trained variant

This page is a script. It runs as it stands, against the assemblies that the tests' build leaves behind, and the documentation's build
runs it, so what it prints below is what it printed there:

```sh
dotnet build -c Release tests/Paws.Tests
dotnet fsi docs/extending.fsx
```
*)
#I "../tests/Paws.Tests/bin/Release/net10.0"
#r "TorchSharp.dll"
#r "Expecto.dll"
#r "FsCheck.dll"
#r "Paws.Model.dll"
#r "Paws.Laws.dll"
#r "paws.dll"

open System.IO
open System.Text.Json.Nodes
open TorchSharp
open Paws.Laws
open Paws.Model
open Paws.Runner

(**
## The idea

PAWS treats all unlabeled images alike. Early in training most targets are vague, and a vague target teaches little. So: weigh the
cross-entropy of each image by how sure its targets are, to a power γ ≥ 0 that one can set. At γ = 0 it must be PAWS.

## The objective

An objective turns a step, the embeddings that training hands over, into a loss. Its parts are values: take the published ones
(`PawsLossOptions.Create`) and replace what the idea changes. Here the classifier, the sharpening and ME-Max stay, and the images get
weights. Row i of `step.Targets` is the target of anchor i: the views are swapped already.
*)
let trust (gamma: float) (paws: PawsLossOptions) (step: PawsStep) : PawsLossResult =
    let predictions = paws.Classifier.Invoke(step.Supports, step.Labels, step.Anchors) // [(2+m)b,k]

    // Targets are constants: no gradient passes through them, nor through what is computed from them.
    use constant = step.Targets.detach ()
    use constantSupports = step.TargetSupports.detach ()

    let targets = paws.Classifier.Invoke(constantSupports, step.Labels, constant) // [2b,k]

    // The two large views of an image stand b rows apart: [2b] → [2,b] → [b].
    let sure = targets.amax([| 1L |]).reshape(2L, -1L).mean [| 0L |]
    PawsLoss.ofPredictions paws (Some(Scalars.power gamma sure)) predictions targets

(**
## Its laws

The kit states what every objective of the family obeys. One call takes an objective of a *setting* (which draws temperatures and
sizes) and a step. In a test project it makes Expecto tests, a hundred random settings each:
*)
let ofSetting gamma : Objective =
    fun s step -> (trust gamma (PawsLossOptions.Create(s.Temperature, s.Sharpen, true)) step).Total

let tests = ObjectiveLaws.all (ofSetting 2.0) |> Law.toTests "trust"

(** In a script it is quicker to ask for the first failure of each: *)
let verdict (laws: Law list) =
    for law in laws do
        match Law.firstFailure 30 law with
        | None -> printfn "holds   %s" law.Name
        | Some(setting, why) ->
            let setting, why = Law.shrink law (setting, why)

            printfn
                "BROKEN  %s\n        %s\n        in the setting %s"
                law.Name
                why
                (setting.Text.ReplaceLineEndings "\n        ")

verdict (ObjectiveLaws.all (ofSetting 2.0))
(*** include-output ***)

(**
What is particular to the idea is a law of its own. `Law.always` states one for all settings, degenerate embeddings included,
`Law.regular` one that needs embeddings with directions of their own; `Must` says what is compared.
*)
let ownLaws =
    [
        Law.always "γ = 0 is PAWS" (fun s ->
            let step = ObjectiveLaws.step s
            let options = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

            let published =
                PawsLoss.evaluate options step.Anchors step.Supports step.Labels step.Targets step.TargetSupports

            Must.agree "total" published.Total (trust 0.0 options step).Total)

        Law.always "a larger γ never raises the cross-entropy" (fun s ->
            let step = ObjectiveLaws.step s
            let options = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)
            Must.notExceed "cross-entropy" (trust 2.0 options step).CrossEntropy (trust 1.0 options step).CrossEntropy)
    ]

verdict ownLaws
(*** include-output ***)

(**
## Do they catch a mistake?

Here is the same idea with a bug that is easy to write and hard to see: the loss is spelled out by hand, and the targets keep their
gradient. It trains, and the curves look fine; only the network is now free to move the targets to where the predictions are.
*)
let withBug: Objective =
    fun s step ->
        let paws = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)
        let predictions = paws.Classifier.Invoke(step.Supports, step.Labels, step.Anchors)
        let targets = paws.Classifier.Invoke(step.TargetSupports, step.Labels, step.Targets) // detach forgotten
        let b = int64 s.Images

        // Small views learn from the mean of the two large ones.
        let small =
            Scalars.multiply 0.5 (targets.narrow(0L, 0L, b).add(targets.narrow (0L, b, b)))

        let all = torch.cat ([| targets; small.repeat (int64 step.SmallViews, 1L) |], 0L)

        let crossEntropy =
            (Numerics.crossEntropy (paws.Sharpening.Invoke all) predictions).mean()

        paws.Sharpening.Invoke predictions
        |> MeMax.meanPrediction id
        |> MeMax.regulariser
        |> Scalars.add crossEntropy

verdict (ObjectiveLaws.all withBug)
(*** include-output ***)

(**
One law breaks, and says what is wrong. The setting is shrunk: one image, few classes, small whole numbers, so that the case can be
worked through on paper.

## Training

A program that calls `PawsProgram.Run` with an `Experiment` is the whole `paws` command with that objective in pre-training: data, options,
checkpoints, report. An experiment has a name, settings with defaults (`--set experiment.gamma=…`, or the section `experiment` of a
configuration file; they are saved with the run), and the objective. A real project puts this line into its `main`; here it is a
run of a few seconds, far too short to learn anything.
*)
let experiment =
    Experiment(
        "trust",
        readOnlyDict [ ("gamma", 2.0) ],
        fun config step ->
            let criterion = config.Criterion

            trust
                config.Experiment["gamma"]
                (PawsLossOptions.Create(criterion.Temperature, criterion.Sharpen, criterion.MeMax))
                step
    )

let run =
    Path.Combine(Path.GetTempPath(), $"paws-extending-{System.Environment.ProcessId}")

let code =
    PawsProgram.Run(
        [|
            "train"
            "--out"
            run
            "--labels"
            "20"
            "--epochs"
            "1"
            "--no-baseline"
            "--set"
            "experiment.gamma=1"
            "--set"
            "data.shapes_train=200"
            "--set"
            "data.shapes_test=100"
            "--set"
            "optimization.warmup=0"
        |],
        experiment
    )

let result = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "result.json")))
printfn "exit code %d, objective %O, PAWS-NN top-1 %O %%" code result["objective"] result["top1"]
(*** include-output ***)

(*** hide ***)
Directory.Delete(run, true)

(**
## Then an experiment

`experiments/ropaws` in the repository is a worked one: a question, a prediction written down before the first run, the objective, its
laws, the configuration, the runs, and the verdict. Copy the folder to begin one of your own.
*)
