module Paws.Tests.Runner.PresetChoiceTests

open System
open System.IO
open Expecto
open Paws.Runner.Config
open Paws.Tests
open Paws.Tests.PictureFiles

let private ofSizes (sizes: (int * int) list) =
    PresetChoice.OfSizes [| for w, h in sizes -> struct (w, h) |]

/// A folder of two classes, so many images of each size in each.
let private withFolder (sizes: (int * int) list) check =
    use folder = new DataFolder()

    for name in [ "cat"; "dog" ] do
        for i, (width, height) in List.indexed sizes do
            put folder $"photos/{name}/{i:D3}.png" (picture i width height)

    check folder (Path.Combine(folder.Path, "photos"))

[<Tests>]
let tests =
    testList "Runner.PresetChoice" [
        for sizes, expected in
            [
                [ 64, 64 ], "photos"
                [ 63, 63 ], "quick"
                [ 64, 500 ], "photos"
                [ 500, 63 ], "quick"
                [ 32, 32; 63, 63; 300, 300 ], "quick"
                [ 32, 32; 64, 64; 300, 300 ], "photos"
                [ 63, 63; 64, 64 ], "quick"
                [ 60, 60; 68, 68 ], "photos"
                [ 0, 0; 0, 0; 100, 100 ], "photos"
                [ 0, 0; 0, 0; 0, 0; 28, 28 ], "quick"
                [ 0, 0 ], "quick"
                [], "quick"
            ] do
            test $"sizes {sizes}: {expected}" {
                Expect.equal (ofSizes sizes) expected "the median of the shorter sides; what cannot be read does not count"
            }

        test "a folder of photographs, and one of small images" {
            withFolder [ 70, 64; 64, 80 ] (fun _ photos -> Expect.equal (PresetChoice.Of photos) "photos" "large")
            withFolder [ 32, 32; 63, 80 ] (fun _ photos -> Expect.equal (PresetChoice.Of photos) "quick" "small")
        }

        test "unreadable images do not count, and no pixels are decoded" {
            withFolder [ 64, 64 ] (fun folder photos ->
                File.WriteAllText(folder.File "photos/cat/000a.png", "not an image")
                File.WriteAllBytes(folder.File "photos/cat/000b.png", [||])
                let whole = File.ReadAllBytes(Path.Combine(photos, "dog/000.png"))
                // A header without what it announces.
                File.WriteAllBytes(Path.Combine(photos, "dog/001.png"), whole[..60])
                Expect.equal (PresetChoice.Of photos) "photos" "")
        }

        test "the first 200 of the listing are looked at" {
            use folder = new DataFolder()
            let small, large = picture 1 8 8, picture 1 64 64

            for i in 0..199 do
                put folder $"photos/a/{i:D3}.png" small

            for i in 0..299 do
                put folder $"photos/b/{i:D3}.png" large

            let photos = Path.Combine(folder.Path, "photos")
            Expect.equal (PresetChoice.Of photos) "quick" "200 small ones come first"

            for i in 99..199 do
                File.Delete(folder.File $"photos/a/{i:D3}.png")

            Expect.equal (PresetChoice.Of photos) "photos" "99 small, 101 large"
        }

        test "an empty folder, one that is not there, CIFAR-10's files, no folder" {
            use folder = new DataFolder()
            Expect.equal (PresetChoice.Of folder.Path) "quick" "empty: told when it is opened"
            Expect.equal (PresetChoice.Of(Path.Combine(folder.Path, "none"))) "quick" "none"
            Expect.equal (PresetChoice.Of null) "quick" "built-in"
        }

        test "train takes it with neither --preset nor --config, from --data or --set, and only then" {
            withFolder [ 64, 64 ] (fun folder photos ->
                let chosen arguments =
                    (fst (AskedCommand.train (arguments @ [ "--labels"; "2" ]))).ChosenPreset

                let large arguments =
                    (fst (AskedCommand.train (arguments @ [ "--labels"; "2" ]))).Config.Views.LargeSize

                let photosSize = (ConfigLoader.Load(preset = "photos")).Views.LargeSize
                Expect.equal (chosen [ "--data"; photos ]) "photos" "--data"
                Expect.equal (large [ "--data"; photos ]) photosSize "its settings"
                Expect.equal (chosen [ "--set"; $"data.root_path={photos}" ]) "photos" "--set"
                Expect.isNull (chosen [ "--data"; photos; "--preset"; "quick" ]) "--preset"
                Expect.equal (large [ "--data"; photos; "--preset"; "quick" ]) (Nullable 20) "quick's settings"
                File.WriteAllText(folder.File "c.yaml", "meta:\n  seed: 1\n")
                Expect.isNull (chosen [ "--data"; photos; "--config"; folder.File "c.yaml" ]) "--config")

            Expect.isNull (fst (AskedCommand.train [])).ChosenPreset "nothing to choose by"
        }
    ]
