module Paws.Tests.Runner.MethodsTests

open System
open Expecto
open TorchSharp
open Paws.Model
open Paws.Runner
open Paws.Runner.Config
open Paws.Runner.Training
open Paws.Tests

let private mean (values: float[]) = Array.average values

/// Rows of an encoder's state, by name.
let private parameters (encoder: Encoder) =
    encoder.NamedParameters() |> Seq.map (fun p -> p.Name, MethodRun.values p.Value)

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.Methods" [
        for method, settings in
            [
                "supervised", [ "baseline.label_smoothing=0" ]
                "simclr", []
                "simclrv2", []
                "byol", [ "meta.use_pred_head=true" ]
                "swav", [ "method.freeze_prototypes=0"; "method.prototypes=20" ]
                "simclr-suncet", []
                "fixmatch", []
            ] do
            test $"the loss of {method} falls within 40 steps" {
                let plainViews = [
                    "views.large_scale=[0.8,1]"
                    "data.color_jitter_strength=0"
                    "views.grayscale=0"
                ]

                MethodRun.withPhase method (plainViews @ settings) (fun setting _ phase ->
                    Expect.equal phase.Name method "its phase has its name"
                    let losses = MethodRun.train setting phase 0 39
                    let early, late = mean losses[..4], mean losses[35..]
                    Expect.isLessThan late (0.95 * early) $"from {early}")
            }

        test "BYOL's target is m · target + (1 − m) · online after every step, and no gradient reaches it" {
            MethodRun.withPhase "byol" [ "meta.use_pred_head=true"; "method.ema=0.9" ] (fun setting encoder phase ->
                let byol = phase :?> ByolPhase
                let target = byol.Target.Encoder
                Expect.floatClose Accuracy.high (byol.Momentum 0) 0.9 "at the first step"
                Expect.floatClose Accuracy.high (byol.Momentum phase.TotalSteps) 1.0 "at the end"
                Expect.floatClose Accuracy.high (byol.Momentum(phase.TotalSteps / 2)) 0.95 "half way"

                MethodRun.steps setting phase 0 2 (fun step update ->
                    for p in target.NamedParameters() do
                        Expect.all (MethodRun.values p.Value.grad) ((=) 0.0f) $"gradient of {p.Name}"

                    let before = Map(parameters target)
                    update ()
                    let online = Map(parameters encoder)
                    let m, rest = float32 (byol.Momentum step), float32 (1.0 - byol.Momentum step)
                    let mutable moved = 0

                    for name, after in parameters target do
                        let expected = Array.map2 (fun t o -> m * t + rest * o) before[name] online[name]
                        Expect.sequenceEqual after expected name

                        if after <> before[name] then
                            moved <- moved + 1

                    Expect.isGreaterThan moved 10 "the target moves")
                |> ignore)
        }

        test "BYOL runs without a predictor" {
            MethodRun.withPhase "byol" [ "meta.use_pred_head=false" ] (fun setting encoder phase ->
                let names = encoder.NamedParameters() |> Seq.map (fun p -> p.Name)
                Expect.isFalse (names |> Seq.exists (fun name -> name.StartsWith("pred."))) "no predictor"
                let losses = MethodRun.train setting phase 0 9
                Expect.all losses (fun l -> l >= 0.0 && l <= 4.0) "mean squared distances of unit vectors")
        }

        test "SwAV's prototypes stay where they are while they are frozen, then move" {
            // Half an epoch of four steps.
            MethodRun.withPhase "swav" [ "method.freeze_prototypes=0.5"; "method.prototypes=12" ] (fun setting _ phase ->
                let prototypes () =
                    phase.State
                    |> Seq.pick (fun struct (name, value) ->
                        if name = "prototypes" then
                            Some(MethodRun.values value)
                        else
                            None)

                let drawn = prototypes ()
                Expect.hasLength drawn (12 * 16) "12 in 16 dimensions"

                MethodRun.steps setting phase 0 3 (fun step update ->
                    update ()
                    Expect.equal (prototypes () = drawn) (step < 2) $"after step {step}")
                |> ignore)
        }

        test "FixMatch is judged by averaged weights, and leaves them behind" {
            MethodRun.withPhase "fixmatch" [ "method.weight_ema=0.9" ] (fun setting encoder phase ->
                let fixmatch = phase :?> FixMatchPhase
                MethodRun.train setting phase 0 2 |> ignore

                let bias =
                    fixmatch.Average.State
                    |> Seq.pick (fun struct (name, value) ->
                        if name = "average.classifier.bias" then
                            Some value
                        else
                            None)

                let struct (_, online) = Seq.last phase.Classifier
                Expect.notEqual (MethodRun.values bias) (MethodRun.values online) "they differ"
                let first = setting.Data.Test.Labels[0]

                let judgeAs (k: int) =
                    use _ = torch.no_grad ()
                    use _ = torch.NewDisposeScope()

                    bias.copy_ (torch.tensor (Array.init 10 (fun j -> if j = k then 1e6f else 0.0f)))
                    |> ignore

                    phase.Evaluate(1).Top1

                Expect.equal (judgeAs ((first + 1) % 10)) 0.0 "the averaged bias decides"
                Expect.equal (judgeAs first) 1.0 "whichever it names"
                let averaged = MethodRun.bytes fixmatch.Average.Encoder
                phase.Finish(PhaseState())
                Expect.equal (MethodRun.bytes encoder) averaged "the encoder that is saved"
                let judged = phase.Judge 0
                Expect.all judged.Predicted ((=) first) "the classifier that is saved")
        }

        test "FixMatch sees each unlabeled image weakly and strongly, and labeled ones under their labels" {
            MethodRun.withPhase "fixmatch" [] (fun setting _ phase ->
                let plan = phase.Plan 5
                let weak, strong = plan.Groups[0], plan.Groups[1]
                let labeled = weak.Rows[..9]
                let unlabeled = weak.Rows[10..]
                Expect.equal (labeled |> Array.map (fun r -> setting.Data.Train.Labels[r.Sample])) plan.SupportClasses "labels"
                Expect.all labeled (fun r -> Array.contains r.Sample setting.Labeled && r.Epoch < 0) "labeled ones, of looks of their own"
                Expect.equal (unlabeled |> Array.map _.Sample) (strong.Rows |> Array.map _.Sample) "the same images"
                Expect.isFalse (unlabeled |> Array.exists (fun row -> Array.contains row strong.Rows)) "but not the same views"
                Expect.equal weak.Recipe.Jitter 0.0 "weak: crop and flip alone"
                Expect.isGreaterThan strong.Recipe.Jitter 0.0 "strong: colours too")
        }

        test "a student starts at its teacher, learns, and leaves the teacher as it was" {
            let settings = [
                "finetune.method=head"
                "finetune.epochs=1"
                "method.distill_epochs=2"
                "method.distill_lr=0.1"
            ]

            MethodRun.withPhase "simclrv2" settings (fun setting teacher _ ->
                use classifier = new LinearClassifier(setting, teacher)

                do
                    use _ = torch.no_grad ()
                    torch.nn.init.normal_ (classifier.Weight.Value) |> ignore

                let before = MethodRun.bytes teacher, MethodRun.values classifier.Weight.Value
                use student = setting.NewEncoder 1
                Expect.notEqual (MethodRun.bytes student) (fst before) "drawn differently"
                use phase = new DistillationPhase(setting, teacher, classifier, student)
                Expect.equal (MethodRun.bytes student) (fst before) "the teacher's weights"
                MethodRun.train setting phase 0 (phase.TotalSteps - 1) |> ignore
                Expect.equal (MethodRun.bytes teacher, MethodRun.values classifier.Weight.Value) before "the teacher"
                let kept, after = fst before, MethodRun.bytes student

                for name in [ "conv1.weight"; "fc.fc1.weight"; "fc.bn1.running_mean" ] do
                    Expect.notEqual after[name] kept[name] name

                for name in [ "fc.fc2.weight"; "fc.fc3.weight" ] do
                    Expect.equal after[name] kept[name] $"{name} is not part of it")
        }

        test "methods refuse what they cannot do, in one line" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"
            let train more = TinyRun.onShapes 1 out more

            PawsCommand.expectMistake [ "method.name"; "did you mean \"simclr\"" ] (train [] @ [ "--method"; "simcrl" ])
            PawsCommand.expectMistake [ "method.distill_epochs"; "finetune.method=head" ] (train [ "method.distill_epochs=1" ])
            PawsCommand.expectMistake [ "meta.proj_layers"; "[2, 3]" ] (train [ "meta.proj_layers=4" ])

            let objective = ExperimentObjective(fun _ step -> failwith "not reached")

            let outcome =
                PawsCommand.runExperiment (Experiment("mine", objective)) (train [ "method.name=swav" ])

            Expect.equal outcome.Code 2 outcome.Error
            Expect.stringContains outcome.Error "the objective mine" "why"
        }

        test "views are as large as without small ones where a method has none, and SimCLR's head has two layers" {
            let resolved method =
                DatasetDefaults.Resolve(ConfigLoader.Load(sets = [ $"method.name={method}"; "data.dataset=cifar10" ]))

            for method in TrainMethod.Names do
                let alone = List.contains method [ "simclr"; "simclrv2"; "byol"; "simclr-suncet" ]
                let least = if alone then 0.5 else 0.75
                let views = (resolved method).Views
                Expect.equal views.LargeScale[0] least method

            for method, settings, layers in
                [
                    "paws", [], 3
                    "simclr", [], 2
                    "simclr", [ "meta.proj_layers=3" ], 3
                    "simclrv2", [], 3
                ] do
                MethodRun.withPhase method settings (fun _ encoder _ -> Expect.equal encoder.Spec.ProjLayers layers method)
        }
    ]
