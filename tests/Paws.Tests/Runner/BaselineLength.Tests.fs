module Paws.Tests.Runner.BaselineLengthTests

open Expecto
open Paws.Runner.Config
open Paws.Runner.Training

let private steps (sets: string list) methodSteps images labeled =
    BaselineLength.Steps(ConfigLoader.Load(sets = sets), methodSteps, images, labeled)

/// 64 images of 2 large views of 20 pixels and 2 small ones of 10, 40 supports, a baseline of 32 images a step.
let private small = [
    "views.large_size=20"
    "views.small_size=10"
    "data.multicrop=2"
    "criterion.unsupervised_batch_size=64"
    "criterion.supervised_imgs_per_class=1"
    "criterion.supervised_views=4"
    "baseline.batch_size=32"
]

[<Tests>]
let tests =
    testList "Runner.Training.BaselineLength" [
        test "steps that are given are taken" { Expect.equal (steps (small @ [ "baseline.steps=7" ]) 100 1000 500) 7 "given" }

        test "a measured ratio counts the method's steps" {
            Expect.equal (steps (small @ [ "baseline.step_ratio=2.5" ]) 100 1000 500) 250 "2.5 for each"
            Expect.equal (steps (small @ [ "baseline.step_ratio=2.5"; "baseline.time_factor=2" ]) 100 1000 500) 500 "twice as long"
        }

        test "otherwise both take as many pixels, and what a step takes itself" {
            // (64·2 + 40)·20² + 64·2·10² + 5,000 pixels against 32·20² + 5,000
            Expect.equal (steps small 100 1000 500) 478 "as many"
            // 16 labels: the baseline's batch is no larger
            Expect.equal (steps small 100 1000 16) 746 "half a batch, and the step itself"
        }

        test "ranks that numbers are meant for are counted, ranks that compute are not" {
            Expect.equal (steps (small @ [ "meta.world_size=2" ]) 100 1000 500) 927 "twice the global batch, in one step"
        }

        test "fine-tuning and distillation are counted" {
            // 3 passes over 32 labeled images of 2 views are 192 views, 6 steps of 32
            Expect.equal (steps (small @ [ "baseline.step_ratio=1"; "finetune.epochs=3" ]) 100 1000 32) 106 "suncet"

            let distilled = [ "baseline.step_ratio=1"; "method.distill_epochs=1" ]

            // one pass over 96 images, of which the teacher's third
            Expect.equal (steps (small @ distilled) 100 96 32) 104 "distillation"
        }
    ]
