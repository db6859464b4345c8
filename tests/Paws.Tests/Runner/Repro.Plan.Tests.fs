module Paws.Tests.Runner.ReproPlanTests

open System
open Expecto
open Paws.Runner
open Paws.Runner.Config
open Paws.Runner.Repro
open Paws.Tests

let private plan (scale: string) (item: string) =
    ReproPlan(ReproFiles.Item item, ReproFiles.Scale scale, 2)

let private cell (name: string) (plan: ReproPlan) =
    plan.Cells |> Seq.find (fun c -> c.Name = name)

let private mistake (part: string) (action: unit -> unit) =
    Expect.throwsC action (fun e ->
        Expect.isTrue (e :? UserErrorException) (e.ToString())
        Expect.stringContains e.Message part "message")

[<Tests>]
let tests =
    testList "Runner.Repro.plan" [
        testCase "every table and figure has a plan at every scale" (fun () ->
            for scale in ReproFiles.Scales do
                for id in ReproFiles.Items do
                    let made = plan scale id
                    Expect.isNotEmpty made.Item.Title id
                    Expect.isNotEmpty made.Item.Full id
                    Expect.isNotEmpty made.Item.Source id

                    if made.Item.Statements.Count > 0 then
                        Expect.isNotEmpty made.Item.Claim id

                    for named in Seq.append made.Item.Skip.Keys made.Item.Remarks.Keys do
                        Expect.contains ReproFiles.Scales named $"{id} names a scale")

        testCase "cells with the same settings share a run, also across tables" (fun () ->
            let key table name =
                (plan "laptop" table |> cell name).Runs[0].Key

            let baseRun = key "figure4" "paws.cross_entropy_late"
            Expect.equal (key "table3" "one.nn") baseRun "Table 3"
            Expect.equal (key "table4" "whole.nn") baseRun "Table 4"
            Expect.equal (key "table6" "with.many") baseRun "Table 6"
            Expect.equal (key "figure7" "many.top1") (key "table3" "three.nn") "Figure 7"
            Expect.notEqual (key "table3" "two.nn") baseRun "twice as long")

        testCase "x is times what the base has, $ a value of the scale" (fun () ->
            let scale = ReproFiles.Scale "laptop"
            let start = scale.Bases["base"]

            let config name table =
                (plan "laptop" table |> cell name).Runs[1].Config

            Expect.floatClose
                Accuracy.high
                (config "three.nn" "table3").Optimization.Epochs
                (3.0 * float start["optimization.epochs"])
                "epochs"

            Expect.equal
                (config "half.nn" "table4").Criterion.SupervisedImgsPerClass
                (int start["criterion.supervised_imgs_per_class"] / 2)
                "supports"

            Expect.equal (config "with.few" "table6").Data.LabelsPerClass (Nullable(int scale.Values["few"])) "labels"
            Expect.equal (config "byol3.finetuned" "table1").Method.Name "byol" "method"
            Expect.isTrue (config "byol3.finetuned" "table1").Meta.UsePredHead "the scale's settings of the method"
            Expect.isFalse (config "collapsing.nn" "table5").Meta.UsePredHead "the row's come later"
            Expect.equal (config "three.nn" "table3").Meta.Seed 1 "seed")

        testCase "at a fixed number of support images, Table 4 trades classes for images" (fun () ->
            let made = plan "laptop" "table4"

            for name in [ "fewer.nn"; "fewest.nn" ] do
                let here, start =
                    (cell name made).Runs[0].Config.Criterion, (cell "whole.nn" made).Runs[0].Config.Criterion

                Expect.equal
                    (here.ClassesPerBatch * here.SupervisedImgsPerClass)
                    (start.ClassesPerBatch * start.SupervisedImgsPerClass)
                    name)

        testCase "at scale paper fine-tuning from the first projection layer has the published crops" (fun () ->
            let tuned =
                ReproFiles.Items
                |> Seq.collect (fun id -> (plan "paper" id).Cells)
                |> Seq.map _.Runs[0].Config.Finetune
                |> Seq.filter (fun finetune -> finetune.Epochs > 0.0 && finetune.Method = FinetuneMethod.Head)
                |> List.ofSeq

            Expect.isNonEmpty tuned "some are"

            for finetune in tuned do
                Expect.sequenceEqual finetune.Scale [ 0.08; 1.0 ] "8 to 100 %")

        testCase "a key does not know where data, results and seeds are, and knows everything else" (fun () ->
            let config = PawsConfig()
            let key (config: PawsConfig) = ReproRun(config).Key

            let prefix (config: PawsConfig) =
                (key config).Replace($"-seed{config.Meta.Seed}", "")

            let start = ConfigLoader.Load(sets = [])

            let changed sets = ConfigLoader.Load(sets = sets)

            Expect.equal
                (key (changed [ "data.dataset=cifar10"; "data.root_path=/elsewhere" ]))
                (key (changed [ "data.dataset=cifar10" ]))
                "data"

            Expect.equal (key (changed [ "logging.folder=x" ])) (key start) "results"
            Expect.equal (prefix (changed [ "meta.seed=5" ])) (prefix start) "seed"
            Expect.notEqual (key (changed [ "meta.seed=5" ])) (key start) "seed in the name"
            Expect.notEqual (key (changed [ "optimization.lr=3.1" ])) (key start) "learning rate"
            Expect.notEqual (key (changed [ "views.large_scale=[0.3, 1]" ])) (key start) "a list"
            Expect.notEqual (key (changed [ "meta.threads=1" ])) (key start) "threads: they change sums"
            Expect.equal (key config) (key start) "the same on every call")

        testCase "mistakes in a data file are told" (fun () ->
            let item (yaml: string) =
                ReproFiles.Parse<ReproItem>(yaml, "table9.yaml", fun read -> read.Id <- "table9")

            let planOf yaml =
                ReproPlan(item yaml, ReproFiles.Scale "smoke", 1) |> ignore

            mistake "table9.yaml, line 2" (fun () -> item "title: x\ncolour: red" |> ignore)
            mistake "$none" (fun () -> planOf "rows: {a: {set: {data.labels_per_class: $none}}}")
            mistake "optimization.lrr" (fun () -> planOf "rows: {a: {set: {optimization.lrr: 1}}}")
            mistake "there is no metric accuracy" (fun () -> planOf "columns: {c: {metric: accuracy}}\nrows: {a: {}}")
            mistake "there is no cell b" (fun () -> planOf "rows: {a: {}}\nstatements: [{says: s, contrast: {b: 1}, above: 0}]")
            mistake "needs a number to multiply" (fun () -> planOf "rows: {a: {set: {meta.model_name: x2}}}"))

        testCase "mistakes on the command line are told" (fun () ->
            PawsCommand.expectMistake [ "tabel6"; "table6" ] [ "repro"; "tabel6" ]
            PawsCommand.expectMistake [ "--data" ] [ "repro"; "table6"; "--scale"; "laptop" ]
            PawsCommand.expectMistake [ "no such folder" ] [ "repro"; "table6"; "--scale"; "laptop"; "--data"; "/nowhere" ]
            PawsCommand.expectMistake [ "laptp"; "laptop" ] [ "repro"; "all"; "--scale"; "laptp" ]
            PawsCommand.expectMistake [ "--jobs must be at least 1" ] [ "repro"; "all"; "--jobs"; "0" ])
    ]
