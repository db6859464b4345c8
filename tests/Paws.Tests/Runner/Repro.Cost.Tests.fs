module Paws.Tests.Runner.ReproCostTests

open System
open Expecto
open Paws.Runner.Config
open Paws.Runner.Reporting
open Paws.Runner.Repro

let private at phase (step: int) epoch =
    StepMetrics(Phase = phase, Step = int64 step, Epoch = epoch, Seconds = 1.0, Loss = 1.0)

let private load (sets: string list) =
    ConfigLoader.Load(sets = (sets @ [ "data.labels_per_class=10" ]))

let private distilled = [
    "method.name=simclrv2"
    "optimization.epochs=2"
    "finetune.method=head"
    "finetune.epochs=20"
    "method.distill_epochs=1"
]

[<Tests>]
let tests =
    testList "Runner.Repro.cost" [
        testCase "phases come one after the other, from 0 to 1" (fun () ->
            let cost = RunCost(load distilled)

            let shares =
                [
                    at "simclrv2" 0 0.0
                    at "simclrv2" 9 1.0
                    at "simclrv2" 19 2.0
                    at "head" 5 1.0
                    at "head" 99 20.0
                    at "distillation" 4 0.5
                    at "distillation" 9 1.0
                ]
                |> List.map cost.Share

            Expect.equal shares[0] 0.0 "nothing yet"
            Expect.floatClose Accuracy.high shares[1] (shares[2] / 2.0) "half of pre-training"
            Expect.equal (List.sort shares |> List.distinct) shares "grows"
            Expect.floatClose Accuracy.high (List.last shares) 1.0 "all"
            Expect.equal (cost.Share(at "baseline" 3 0.1)) 1.0 "what is not counted comes last")

        testCase "supervised-only counts steps" (fun () ->
            let cost = RunCost(load [ "method.name=supervised"; "baseline.steps=200" ])
            Expect.floatClose Accuracy.high (cost.Share(at "supervised" 49 7.0)) 0.25 "50 of 200")

        testCase "costs of methods are as their images through the network" (fun () ->
            let total name =
                RunCost(load [ $"method.name={name}"; "optimization.epochs=4"; "evaluation.every_epochs=0" ]).Total

            let two = total "simclr"
            // 10,000 test images and 4 passes over 50,000 images, all of 32 pixels
            Expect.floatClose Accuracy.high two (32.0 * 32.0 * (1e4 + 4.0 * 5e4 * 6.0)) "two views, back and forth"
            Expect.floatClose Accuracy.high (total "byol" - two) (32.0 * 32.0 * 4.0 * 5e4 * 2.0) "and the second network's"
            Expect.isGreaterThan (total "paws") (total "swav") "supports")

        testCase "time left holds for runs of different kinds, within a half" (fun () ->
            // Seconds of training measured on one core, scale laptop, seed 0, evaluation left out.
            let seconds = [
                "table1", "simclr1.finetuned", 151.9
                "table1", "byol1.finetuned", 194.4
                "table1", "supervised.finetuned", 127.2
                "table6", "with.many", 253.0
            ]

            let speeds = [
                for item, cell, seconds in seconds do
                    let plan = ReproPlan(ReproFiles.Item item, ReproFiles.Scale "laptop", 1)
                    let run = (plan.Cells |> Seq.find (fun c -> c.Name = cell)).Runs[0]
                    run.Cost.Total / seconds
            ]

            Expect.isLessThan (List.max speeds / List.min speeds) 1.5 $"{speeds}")
    ]
