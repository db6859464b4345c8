module Paws.Tests.Runner.LabeledBatchesTests

open System.Collections.Generic
open Expecto
open Paws.Runner.Config
open Paws.Tests

[<Tests>]
let tests =
    testList "Runner.LabeledBatches" [
        test "a number that the user gave and the labels do not serve is said, a preset's is not" {
            let config =
                ConfigLoader.Load(
                    sets = [
                        "finetune.imgs_per_class=64"
                        "finetune.batch_size=128"
                        "baseline.batch_size=20"
                    ]
                )

            let notes given labeled fewest =
                LabeledBatches.Notes(config, HashSet<string>(given: string list), labeled, fewest)
                |> List.ofSeq

            Expect.isEmpty (notes [] 20 1) "nothing given"

            Expect.equal
                (notes [ "finetune.imgs_per_class"; "finetune.batch_size"; "baseline.batch_size" ] 20 1)
                [
                    "finetune.imgs_per_class = 1 (not 64): a class has 1 labeled image"
                    "finetune.batch_size = 20 (not 128): there are 20 labeled images"
                ]
                "said"
        }

        test "paws train and paws finetune say it" {
            use scratch = new ScratchFolder()
            let run = scratch.File "run"

            let trained =
                PawsCommand.run (TinyRun.onShapes 1 run [ "finetune.epochs=0"; "baseline.batch_size=5000"; "baseline.steps=1" ])

            Expect.equal trained.Code 0 trained.Error
            Expect.stringContains trained.Error "baseline.batch_size = 20 (not 5000)" "train"

            let tuned =
                PawsCommand.run [ "finetune"; run; "--epochs"; "1"; "--set"; "finetune.imgs_per_class=500" ]

            Expect.equal tuned.Code 0 tuned.Error
            Expect.stringContains tuned.Error "(not 500): a class has" "finetune"
        }
    ]
