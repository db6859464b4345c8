module Paws.Tests.Runner.BenchTests

open System
open System.IO
open System.Text.Json.Nodes
open Expecto
open Paws.Data.Datasets
open Paws.Model
open Paws.Runner
open Paws.Runner.Checkpoints
open Paws.Runner.Commands
open Paws.Tests
open Paws.Tests.PictureFiles

let private run (arguments: string list) =
    let out, error = new StringWriter(), new StringWriter()

    let host =
        CommandHost(Jobs = Unchecked.defaultof<IJobs>, Output = out, Error = error)

    let code = CommandLine.Run(List.toArray arguments, host)
    code, out.ToString(), error.ToString()

let private result arguments =
    let code, out, error = run (arguments @ [ "--json" ])
    Expect.equal code 0 error
    JsonNode.Parse(out).AsObject()

let private positive (json: JsonObject) (keys: string list) =
    for key in keys do
        Expect.isGreaterThan (json[key].GetValue<float>()) 0.0 key

let private pictures edges =
    let folder = new DataFolder()

    edges
    |> List.iteri (fun i edge -> put folder $"deeper/{i}.png" (picture i edge edge))

    folder

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.Bench" [
        test "augment has the peer's keys" {
            use folder = pictures [ 32; 32; 32 ]

            for recipe in [ "cifar10"; "imagenet" ] do
                for precision in [ "bf16"; "fp32" ] do
                    let json =
                        result [
                            "bench"
                            "augment"
                            recipe
                            folder.Path
                            "--count"
                            "2"
                            "--seconds"
                            "0"
                            "--precision"
                            precision
                        ]

                    Expect.stringStarts (json["peer"].GetValue<string>()) "paws " "peer"
                    Expect.equal (json["recipe"].GetValue<string>()) recipe "recipe"
                    Expect.equal (json["precision"].GetValue<string>()) precision "precision"
                    Expect.equal (json["cores"].GetValue<int>(), json["images"].GetValue<int>()) (1, 2) "cores and images"
                    positive json [ "images_per_second"; "views_per_second"; "passes"; "seconds" ]
        }

        test "augment's mistakes are one line" {
            use folder = pictures [ 32; 31 ]
            use empty = new DataFolder()

            for arguments, words in
                [
                    [ "mnist"; folder.Path ], "cifar10 or imagenet"
                    [ "imagenet"; folder.Path; "--count"; "0" ], "--count"
                    [ "imagenet"; folder.Path; "--seconds"; "-1" ], "--seconds"
                    [ "imagenet"; Path.Combine(folder.Path, "none") ], "does not exist"
                    [ "imagenet"; empty.Path ], "no image files"
                    [ "cifar10"; folder.Path ], "31 × 31"
                ] do
                let code, _, error = run ([ "bench"; "augment" ] @ arguments)
                Expect.equal code 2 error
                Expect.stringContains error words words
                Expect.hasLength (error.Trim().Split '\n') 1 error
        }

        test "augment's recipes are those of training" {
            let recipes = Bench.AugmentBench.RecipesOf "imagenet"
            Expect.equal (recipes.Large.Size, recipes.Small.Size) (224, 96) "sizes"
            Expect.equal (recipes.Large.Scale, recipes.Small.Scale) (struct (0.14, 1.0), struct (0.05, 0.14)) "scales"
            Expect.equal (recipes.Large.JitterStrength, recipes.Large.Blur, recipes.Large.Grayscale) (1.0, 0.5, 0.2) "colour"
            let recipes = Bench.AugmentBench.RecipesOf "cifar10"
            Expect.equal (recipes.Large.Size, recipes.Small.Size) (32, 18) "sizes"
            Expect.equal (recipes.Large.Scale, recipes.Small.Scale) (struct (0.75, 1.0), struct (0.3, 0.75)) "scales"
            Expect.equal (recipes.Large.JitterStrength, recipes.Large.Solarize, recipes.Large.Equalize) (0.5, 0.2, 0.2) "colour"
        }

        test "data counts batches, views and images" {
            let json =
                result [
                    "bench"
                    "data"
                    "--set"
                    "data.shapes_train=300"
                    "--set"
                    "data.shapes_test=20"
                    "--workers"
                    "2"
                    "--steps"
                    "3"
                ]

            Expect.equal (json["workers"].GetValue<int>(), json["steps"].GetValue<int>()) (2, 3) "as asked"
            positive json [ "batches_per_second"; "images_per_second"; "views_per_second" ]
            // 10 supports of 4 views and 64 images of 4.
            let perBatch =
                json["views_per_second"].GetValue<float>()
                / json["batches_per_second"].GetValue<float>()

            Expect.floatClose Accuracy.low perBatch 296.0 "views of a batch"
        }

        test "the process that is timed trains one step of the preset quick, and says when" {
            use folder = new ScratchFolder()

            let outcome =
                PawsCommand.run [ "bench"; "start"; "--child"; folder.Path; "--device"; "cpu" ]

            Expect.equal outcome.Code 0 outcome.Error

            let stages = [
                for stage in JsonNode.Parse(outcome.Out).AsArray() -> stage["stage"].GetValue<string>()
            ]

            Expect.containsAll stages [ "images ready"; "first batch"; "first gradient"; "first step" ] "stages"
            use checkpoint = RunCheckpoint.Load(folder.File RunCheckpoint.FileName)
            Expect.equal checkpoint.State.Step 1 "one step"
        }

        test "no starts to time: refused" { PawsCommand.expectMistake [ "--runs"; "at least 1" ] [ "bench"; "start"; "--runs"; "0" ] }

        test "step has the peer's keys" {
            let json =
                result [
                    "bench"
                    "step"
                    "--arch"
                    "wrn10-1"
                    "--batch"
                    "3"
                    "--classes"
                    "2"
                    "--per-class"
                    "2"
                    "--size"
                    "12"
                    "--crops"
                    "2"
                    "--crop-size"
                    "8"
                    "--out"
                    "8"
                    "--steps"
                    "2"
                    "--warmup"
                    "1"
                    "--device"
                    "cpu"
                ]

            Expect.equal (json["arch"].GetValue<string>(), json["batch"].GetValue<int>()) ("wrn10-1", 3) "as asked"
            Expect.equal (json["style"].GetValue<string>()) "paws" "style"

            positive json [
                "seconds_per_step"
                "images_per_second"
                "views_per_second"
                "peak_memory_mb"
                "convolution_gflops"
            ]
            // 2 · 2 · 2 supports and 4 views of 3 images.
            let perImage =
                json["views_per_second"].GetValue<float>()
                / json["images_per_second"].GetValue<float>()

            Expect.isTrue (abs (perImage - 20.0 / 3.0) < 0.05) $"views an image: {perImage}"
            Expect.isTrue (Double.IsFinite(json["loss"].GetValue<float>())) "loss"
        }

        test "step's mistakes are one line" {
            PawsCommand.expectMistake [ "wrnD-W" ] [ "bench"; "step"; "--arch"; "vgg16" ]
            PawsCommand.expectMistake [ "--batch"; "at least 1" ] [ "bench"; "step"; "--batch"; "0" ]

            PawsCommand.expectMistake [ "--profile"; "--device cuda" ] [ "bench"; "step"; "--profile"; "--device"; "cpu" ]
            PawsCommand.expectMistake [ "--rounds"; "at least 1" ] [ "bench"; "growth"; "--rounds"; "0" ]
        }

        test "convolutions of a ResNet-50 at 224 pixels: 4.09 billion multiplications, without the classifier" {
            use encoder =
                Encoder.create
                    {
                        ModelName = "resnet50"
                        OutputDim = 8
                        ProjLayers = 3
                        UsePredHead = false
                    }
                    0
            // 4.09 billion in torchvision's documentation, the classifier's 2 048 000 included.
            Expect.equal (Bench.Arithmetic.ConvolutionFlops(encoder, 224)) (2.0 * 4087136256.0) "multiplications and additions"
        }

        test "growth: the exponent is that of the last doubling" {
            let axis = Bench.GrowthAxis("n", [| 1; 2; 4 |], fun work _ -> work)
            Expect.floatClose Accuracy.high (Bench.GrowthCurve(axis, [| 9.0; 3.0; 12.0 |]).Exponent) 2.0 "fourfold for twice as much"
            Expect.equal (Median.Of(Collections.Generic.List [ 5.0; 1.0; 2.0; 4.0 ])) 3.0 "median"
        }
    ]
