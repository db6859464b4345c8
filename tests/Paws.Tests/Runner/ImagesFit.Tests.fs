module Paws.Tests.Runner.ImagesFitTests

open Expecto
open FsCheck
open Paws.Runner.Config

let private fit (sets: string list) (given: string list) images =
    let struct (config, notes) =
        ImagesFit.Of(ConfigLoader.Load(sets = sets), System.Collections.Generic.HashSet<string> given, images)

    config, List.ofSeq notes

let private schedule = [
    "optimization.images=1000"
    "optimization.epochs=10"
    "optimization.warmup=1"
    "evaluation.every_epochs=2"
]

[<Tests>]
let tests =
    testList "Runner.ImagesFit" [
        test "as many images as a batch takes are left alone" {
            let config, notes = fit [ "criterion.unsupervised_batch_size=64" ] [] 64
            Expect.equal config.Criterion.UnsupervisedBatchSize 64 "the batch"
            Expect.isEmpty notes "nothing to say"
        }

        test "fewer images make the batch smaller, and it is said" {
            let config, notes = fit [ "criterion.unsupervised_batch_size=64" ] [] 27
            Expect.equal config.Criterion.UnsupervisedBatchSize 27 "all of them"

            Expect.equal
                notes
                [
                    "criterion.unsupervised_batch_size = 27 (not 64): there are 27 training images"
                ]
                "said"

            let ofTwo, _ =
                fit [ "criterion.unsupervised_batch_size=64"; "meta.world_size=2" ] [] 27

            Expect.equal ofTwo.Criterion.UnsupervisedBatchSize 13 "for each of two ranks"
        }

        test "a batch that the user gave stays, to be refused" {
            let config, notes =
                fit [ "criterion.unsupervised_batch_size=64" ] [ "criterion.unsupervised_batch_size" ] 27

            Expect.equal config.Criterion.UnsupervisedBatchSize 64 "as given"
            Expect.isEmpty notes "nothing to say"
        }

        test "a schedule for images in all has the epochs that come to it, and warm-up and evaluations keep their share" {
            let config, _ = fit (schedule @ [ "criterion.unsupervised_batch_size=10" ]) [] 50
            Expect.equal config.Optimization.Epochs 20.0 "1000 / 50"
            Expect.equal config.Optimization.Warmup 2.0 "a tenth"
            Expect.equal config.Evaluation.EveryEpochs 4.0 "a fifth"
        }

        test "epochs that the user gave stay" {
            let config, _ = fit schedule [ "optimization.epochs" ] 500
            Expect.equal config.Optimization.Epochs 10.0 "as given"
            Expect.equal config.Optimization.Warmup 1.0 "with their warm-up"
        }

        test "without a number of images epochs count" {
            let config, _ = fit [ "optimization.epochs=10" ] [] 500
            Expect.equal config.Optimization.Epochs 10.0 "the preset's"
        }

        testProperty "epochs are whole, from 1 to 400, and warm-up never longer" (fun (PositiveInt images) ->
            let config, _ = fit schedule [] images
            let epochs = config.Optimization.Epochs

            epochs = round epochs
            && epochs >= 1.0
            && epochs <= 400.0
            && config.Optimization.Warmup <= epochs)
    ]
