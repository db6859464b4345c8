/// Whole runs with no setting but the data, on images that PAWS has no reason to like: each learns, or says early that it does not.
module Paws.Tests.Runner.NoCollapseTests

open System
open System.IO
open System.Text.Json.Nodes
open Expecto
open Paws.Data.Datasets
open Paws.Data.Datasets.Shapes
open Paws.Runner.Reporting
open Paws.Tests

type private Part =
    | Train
    | Test

/// The built-in images of one part, each with the name of its class.
let private drawn (options: ShapesOptions) part count = [
    use data =
        new DrawnDataset((if part = Train then "train" else "test"), (if part = Train then 0 else 1), count, 0, options)

    for i in 0 .. count - 1 -> data.Classes[data.Labels[i]], data.Read i
]

/// A picture whose pixels follow from the brightness of another's.
let private fromBrightness (colour: float -> float[]) (image: RgbImage) =
    let pixels = image.Pixels.Span.ToArray()

    for i in 0..3 .. pixels.Length - 3 do
        let brightness =
            0.299 * float pixels[i]
            + 0.587 * float pixels[i + 1]
            + 0.114 * float pixels[i + 2]

        colour brightness
        |> Array.iteri (fun channel value -> pixels[i + channel] <- byte (min 255.0 value))

    RgbImage(ReadOnlyMemory pixels, image.Width, image.Height)

let private grey image =
    fromBrightness (fun brightness -> Array.replicate 3 brightness) image

/// Painted in the i-th of ten hues.
let private tinted i image =
    let share channel =
        0.25
        + 0.75 * (0.5 + 0.5 * cos (2.0 * Math.PI * (float i / 10.0 - channel / 3.0)))

    fromBrightness (fun brightness -> [| for channel in 0.0 .. 2.0 -> brightness * share channel |]) image

let private usual = ShapesOptions()

let private twoClasses part count =
    drawn usual part (5 * count)
    |> List.filter (fun (name, _) -> Array.contains name Silhouette.Names[..1])

let private tenByTen part count =
    drawn usual part count
    |> List.mapi (fun i (shape, image) ->
        let colour = i / Silhouette.Names.Length % 10
        $"{shape}-{colour}", tinted colour image)

let private oneObject =
    ShapesOptions(Members = struct (1, 1), Radius = struct (8f, 14f))

let private harder =
    ShapesOptions(Clutter = 25f, Distractors = struct (2, 2), Texture = 0.5f, Occlusion = 0.2f)

/// What it is, training and test pictures by part and number, how many of each, settings.
let private kinds = [
    "two classes", twoClasses, 2000, 400, []
    "a hundred classes, ten shapes in ten colours", tenByTen, 5000, 1000, []
    "grey images", (fun part count -> drawn usual part count |> List.map (fun (name, image) -> name, grey image)), 5000, 1000, []
    "30 images", drawn usual, 30, 200, []
    "one object an image", drawn oneObject, 5000, 1000, []
    "harder images", drawn harder, 5000, 1000, []
    "crops that share little", drawn usual, 5000, 1000, [ "views.large_scale=[0.3,0.8]" ]
]

[<Tests>]
let tests =
    testSequenced
    <| testList "Runner.NoCollapse" [
        for kind, pictures, train, test, settings in kinds do
            testCase $"{kind}: learnt, or said early"
            <| fun () ->
                Needs.time "PAWS_LONG_TESTS" "two minutes or more of two cores"
                use folder = new DataFolder()
                use scratch = new ScratchFolder()

                for part, count in [ Train, train; Test, test ] do
                    pictures part count
                    |> List.iteri (fun i (name, image) ->
                        PictureFiles.put folder $"{string part |> _.ToLowerInvariant()}/{name}/{i:D5}.png" image)

                let out = scratch.File "run"

                let outcome =
                    PawsCommand.run [
                        "train"
                        "--data"
                        folder.Path
                        "--out"
                        out
                        "--no-baseline"
                        for setting in settings do
                            "--set"
                            setting
                    ]

                Expect.equal outcome.Code 0 outcome.Error

                let result =
                    JsonNode.Parse(File.ReadAllText(Path.Combine(out, RunResult.FileName))).AsObject()

                let steps =
                    File.ReadLines(Path.Combine(out, "metrics.jsonl"))
                    |> Seq.filter (fun line -> line.StartsWith "{\"event\":\"evaluation\"")
                    |> Seq.last
                    |> JsonNode.Parse
                    |> fun last -> last["step"].GetValue<int>()

                let top1 = result["top1"].GetValue<float>()
                let collapsed = result["collapsed"].GetValue<bool>()
                let since = string result["collapsed_at_step"]
                printfn $"{kind}: {top1} %%, {steps} steps, collapsed {collapsed} {since}"

                if collapsed then
                    Expect.isLessThanOrEqual (result["collapsed_at_step"].GetValue<int>()) (steps / 10) "in the first tenth"
                    Expect.stringContains outcome.Out "has collapsed" "in words"
                else
                    // Three standard errors above guessing.
                    let chance = 1.0 / float (Directory.GetDirectories(folder.File "train").Length)
                    let luck = chance + 3.0 * sqrt (chance * (1.0 - chance) / float test)
                    Expect.isGreaterThan top1 (100.0 * luck) "more than luck"
    ]
