module Paws.Tests.Runner.ConfigChecksTests

open System
open Expecto
open Paws.Runner
open Paws.Runner.Config

let private problems (sets: string list) =
    try
        ConfigLoader.Load(sets = List.toArray sets) |> ignore
        []
    with :? UserErrorException as e ->
        e.Message.Split '\n' |> List.ofArray

[<Tests>]
let ranges =
    testList "Runner.ConfigChecks" [
        test "every number has a range" {
            let numbers =
                ConfigSchema.Keys
                |> Seq.filter (fun key -> key.Type = typeof<int> || key.Type = typeof<float> || key.Type = typeof<float[]>)
                |> Seq.map (fun key -> key.Path)

            Expect.sequenceEqual (Seq.sort ConfigChecks.Ranges.Keys) (Seq.sort numbers) "ranges and numeric keys"
        }

        test "the defaults are in range" { Expect.isEmpty (ConfigChecks.Problems(PawsConfig())) "" }

        test "each line names key, range and value" {
            Expect.equal (problems [ "criterion.temperature=-1" ]) [ "criterion.temperature: must be in (0, ∞), got -1" ] ""

            Expect.equal (problems [ "criterion.sharpen=0" ]) [ "criterion.sharpen: must be in (0, 1], got 0" ] ""
        }

        test "all at once" {
            let lines =
                problems [
                    "data.flip=2"
                    "optimization.momentum=1"
                    "meta.model_name=vgg"
                    "views.mean=[1, 2]"
                ]

            Expect.hasLength lines 5 "mean is both out of range and too short"
        }

        test "ends of ranges" {
            Expect.isEmpty
                (problems [
                    "data.flip=0"
                    "criterion.sharpen=1"
                    "optimization.momentum=0"
                    "finetune.epochs=0"
                ])
                "inside"

            Expect.hasLength (problems [ "data.label_smoothing=1" ]) 1 "outside"
        }

        test "crop scales are min and max" {
            Expect.hasLength (problems [ "views.large_scale=[1, 0.5]" ]) 1 "reversed"
            Expect.hasLength (problems [ "views.small_scale=[0.5]" ]) 1 "one number"
            Expect.hasLength (problems [ "views.large_scale=[0, 0.5]" ]) 1 "zero"
        }

        test "a mistyped data set names the nearest" {
            let line = problems [ "data.dataset=cifar_10" ] |> List.exactlyOne
            Expect.stringContains line "did you mean \"cifar10\"" ""
        }

        test "model names" {
            for name in
                [
                    "wide_resnet28w2"
                    "wide_resnet10w1"
                    "wide_resnet28w10"
                    "resnet50"
                    "resnet50w4"
                    "resnet18_small"
                    "resnet152"
                ] do
                Expect.isEmpty (problems [ $"meta.model_name={name}" ]) name

            for name in
                [
                    "wide_resnet27w2"
                    "wide_resnet4w1"
                    "resnet34"
                    "resnet50w3"
                    "RESNET50"
                    "wide_resnet28"
                ] do
                Expect.hasLength (problems [ $"meta.model_name={name}" ]) 1 name
        }

        test "device names" {
            for name in [ "auto"; "cpu"; "cuda"; "cuda:7" ] do
                Expect.isEmpty (problems [ $"meta.device={name}" ]) name

            for name in [ "gpu"; "cuda:"; "cuda:-1"; "CPU" ] do
                Expect.hasLength (problems [ $"meta.device={name}" ]) 1 name
        }
    ]

[<Tests>]
let defaults =
    let resolve (sets: string list) =
        DatasetDefaults.Resolve(ConfigLoader.Load(sets = List.toArray sets)).Views

    testList "Runner.DatasetDefaults" [
        test "CIFAR-10" {
            let views = resolve [ "data.dataset=cifar10" ]
            Expect.equal (views.LargeSize, views.SmallSize) (Nullable 32, Nullable 18) "sizes"
            Expect.equal (views.LargeScale, views.SmallScale) ([| 0.75; 1.0 |], [| 0.3; 0.75 |]) "scales"
            Expect.equal (views.Solarize, views.Equalize) (Nullable 0.2, Nullable 0.2) "solarize, equalize"
            Expect.equal (views.Grayscale, views.Blur) (Nullable 0.0, Nullable 0.0) "grey, blur"
            Expect.equal views.Mean [| 0.4914; 0.4822; 0.4465 |] "mean"
            Expect.equal views.Std [| 0.2023; 0.1994; 0.2010 |] "std"
        }
        test "ImageNet, under both names" {
            for name in [ "imagenet"; "imagenet_fine_tune" ] do
                let views = resolve [ $"data.dataset={name}" ]
                Expect.equal (views.LargeSize, views.SmallSize) (Nullable 224, Nullable 96) "sizes"
                Expect.equal (views.LargeScale, views.SmallScale) ([| 0.14; 1.0 |], [| 0.05; 0.14 |]) "scales"
                Expect.equal (views.Grayscale, views.Blur) (Nullable 0.2, Nullable 0.5) "grey, blur"
                Expect.equal (views.Solarize, views.Equalize) (Nullable 0.0, Nullable 0.0) "solarize, equalize"
                Expect.equal views.Mean [| 0.485; 0.456; 0.406 |] "mean"
        }
        test "without small views the large crops are wider" {
            Expect.equal (resolve [ "data.dataset=cifar10"; "data.multicrop=0" ]).LargeScale [| 0.5; 1.0 |] "CIFAR-10"
            Expect.equal (resolve [ "data.dataset=imagenet"; "data.multicrop=0" ]).LargeScale [| 0.08; 1.0 |] "ImageNet"
        }
        test "the built-in set" {
            let views = resolve [ "data.dataset=shapes" ]
            Expect.equal (views.LargeSize, views.SmallSize) (Nullable 32, Nullable 18) "sizes"
            Expect.equal (views.Mean, views.Std) (Array.create 3 0.5, Array.create 3 0.25) "mean and std"
        }
        test "a folder follows the encoder" {
            Expect.equal (resolve [ "data.dataset=folder"; "meta.model_name=wide_resnet16w1" ]).LargeSize (Nullable 32) "wide_resnet"
            Expect.equal (resolve [ "data.dataset=folder"; "meta.model_name=resnet18_small" ]).LargeSize (Nullable 32) "resnet18_small"
            Expect.equal (resolve [ "data.dataset=folder"; "meta.model_name=resnet50" ]).LargeSize (Nullable 224) "resnet50"
        }
        test "what the user set stays" {
            let views =
                resolve [ "views.large_size=64"; "views.blur=0.3"; "views.mean=[0, 0, 0]" ]

            Expect.equal (views.LargeSize, views.Blur, views.Mean) (Nullable 64, Nullable 0.3, [| 0.0; 0.0; 0.0 |]) ""
            Expect.equal views.SmallSize (Nullable 18) "the rest is filled in"
        }
        test "test images are as large as large views, unless said otherwise" {
            Expect.equal (resolve [ "data.dataset=imagenet" ]).TestSize (Nullable 224) "ImageNet"
            Expect.equal (resolve [ "data.dataset=cifar10"; "views.large_size=24" ]).TestSize (Nullable 24) "as set"
            Expect.equal (resolve [ "views.large_size=20"; "views.test_size=24" ]).TestSize (Nullable 24) "its own"
        }
    ]
