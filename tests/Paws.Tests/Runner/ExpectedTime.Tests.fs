module Paws.Tests.Runner.ExpectedTimeTests

open Expecto
open Paws.Model
open Paws.Runner.Config
open Paws.Runner.Training

let private minutes (preset: string) images tests sets =
    let config =
        DatasetDefaults.Resolve(ConfigLoader.Load(preset = preset, sets = sets))

    use encoder =
        Encoder.create
            {
                ModelName = config.Meta.ModelName
                OutputDim = config.Meta.OutputDim
                ProjLayers = 3
                UsePredHead = false
            }
            0

    ExpectedTime.Minutes(config, encoder, images, tests, ExpectedTime.Pace)

[<Tests>]
let tests =
    testList "Runner.ExpectedTime" [
        test "the recorded times of presets, on 2 cores with bf16 instructions, within a factor of two" {
            for preset, images, tests, sets, recorded in
                [
                    "quick", 5000, 1000, [ "baseline.steps=0"; "optimization.epochs=10" ], 85.0 / 60.0
                    "cifar10-cpu", 50_000, 10_000, [ "baseline.steps=0" ], 72.0
                ] do
                let expected = minutes preset images tests sets
                Expect.isTrue (expected > recorded / 2.0 && expected < recorded * 2.0) $"{preset}: {expected}, recorded {recorded}"
        }

        test "epochs, images, pixels and the baseline count" {
            let of' = minutes "quick" 5000 0
            let once = of' [ "baseline.enabled=false" ]
            let epochs = ConfigLoader.Load(preset = "quick").Optimization.Epochs

            let twice what number =
                Expect.floatClose Accuracy.medium number (2.0 * once) what

            twice "epochs" (of' [ "baseline.enabled=false"; $"optimization.epochs={2.0 * epochs}" ])
            twice "images" (minutes "quick" 10_000 0 [ "baseline.enabled=false" ])
            twice "a baseline that takes as long" (of' [ "baseline.steps=0" ])

            let large =
                of' [ "baseline.enabled=false"; "views.large_size=40"; "views.small_size=24" ]

            Expect.floatClose Accuracy.low (large / once) 4.0 "four times the pixels"
        }
    ]
