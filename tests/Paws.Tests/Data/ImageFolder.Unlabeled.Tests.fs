module Paws.Tests.Data.UnlabeledFolderTests

open System.IO
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Datasets.Folders
open Paws.Tests
open Paws.Tests.PictureFiles

let private fill paths =
    let folder = new DataFolder()
    paths |> List.iteri (fun i path -> put folder path (picture i 8 6))
    folder

/// Two classes with training and test images; three images of no class, at two depths.
let private split () =
    fill [
        "train/a/1.png"
        "train/a/2.png"
        "train/b/1.png"
        "test/a/1.png"
        "test/b/1.png"
        "unlabeled/z.png"
        "unlabeled/deep/er/1.png"
        "unlabeled/deep/q.png"
    ]

/// The same without a train folder.
let private flat () =
    fill [
        for i in 0..9 do
            $"a/{i}.png"
            $"x/{i}.png"
        "unlabeled/1.png"
        "unlabeled/more/1.png"
    ]

let private options (folder: DataFolder) =
    FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"))

let private openWith (folder: DataFolder) =
    ImageFolder.Open(folder.Path, options folder)

let private message action =
    (Expect.throwsC (fun () -> action () |> ignore) id :?> DataException).Message

let private paths (data: IImageDataset) = [ for i in 0 .. data.Count - 1 -> data.NameOf i ]

let private labels (data: IImageDataset) = Seq.toList data.Labels

let private withoutClass (data: IImageDataset) = [
    for i in 0 .. data.Count - 1 do
        if data.Labels[i] = IImageDataset.NoClass then
            data.NameOf i
]

[<Tests>]
let layout =
    testList "Data.ImageFolder.Unlabeled" [
        test "beside train: training images without a class, after all others" {
            use folder = split ()
            use data = openWith folder
            Expect.equal (Seq.toList data.Train.Classes) [ "a"; "b" ] "classes"
            Expect.equal (labels data.Train) [ 0; 0; 1; -1; -1; -1 ] "labels"

            Expect.equal
                (paths data.Train)
                [
                    "train/a/1.png"
                    "train/a/2.png"
                    "train/b/1.png"
                    "unlabeled/deep/er/1.png"
                    "unlabeled/deep/q.png"
                    "unlabeled/z.png"
                ]
                "order"

            Expect.equal (paths data.Test) [ "test/a/1.png"; "test/b/1.png" ] "test images"
            Expect.equal data.WithoutClass 3 "counted"
            Expect.stringEnds data.Description "; 3 images without a class" "said"
            Expect.equal (data.Train.Read(5).Pixels.ToArray()) ((picture 5 8 6).Pixels.ToArray()) "pixels"
        }

        test "beside the class folders: no class, and never held out for testing" {
            use folder = flat ()

            let openSeed seed =
                ImageFolder.Open(
                    folder.Path,
                    FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), HoldOut = 0.9, Seed = seed)
                )

            for seed in 0..4 do
                use data = openSeed seed
                Expect.equal (Seq.toList data.Train.Classes) [ "a"; "x" ] "classes"
                Expect.equal (labels data.Train) [ 0; 1; -1; -1 ] "labels"
                Expect.equal (labels data.Test) (List.replicate 9 0 @ List.replicate 9 1) "test labels"
                Expect.equal (withoutClass data.Train) [ "unlabeled/1.png"; "unlabeled/more/1.png" ] "without a class"
        }

        test "adding the folder changes neither the split nor any other image's index" {
            use folder = flat ()

            let before =
                use with' = openWith folder
                (paths with'.Train, paths with'.Test)

            Directory.Delete(folder.File "unlabeled", true)
            use without = openWith folder
            Expect.equal (paths without.Train @ [ "unlabeled/1.png"; "unlabeled/more/1.png" ], paths without.Test) before "images"
            Expect.equal without.WithoutClass 0 "none left"
            Expect.isFalse (without.Description.Contains "without a class") "not spoken of"
        }

        test "decoded on demand, the same images in the same order" {
            use folder = split ()
            use cached = openWith folder
            use demanded = ImageFolder.Open(folder.Path, FolderOptions(CacheLimit = 100L))
            Expect.isFalse (demanded.Train :? PackedDataset) "not cached"
            Expect.equal (paths demanded.Train, labels demanded.Train) (paths cached.Train, labels cached.Train) "training images"
        }

        test "in train it is no class either" {
            use folder =
                fill [
                    "train/a/1.png"
                    "train/b/1.png"
                    "train/unlabeled/1.png"
                    "test/a/1.png"
                    "test/b/1.png"
                ]

            use data = openWith folder
            Expect.equal (Seq.toList data.Train.Classes, labels data.Train) ([ "a"; "b" ], [ 0; 1; -1 ]) "classes"
        }

        test "one more image there makes the cache anew" {
            use folder = split ()
            (openWith folder).Dispose()
            put folder "unlabeled/a.png" (picture 50 4 4)
            use data = openWith folder
            Expect.equal data.WithoutClass 4 "seen"
            Expect.equal (data.Train.NameOf 3, data.Train.Read(3).Width) ("unlabeled/a.png", 4) "decoded"
        }

        test "what is wrong is said in one line" {
            use folder = split ()
            Directory.Delete(folder.File "unlabeled", true)
            File.WriteAllText(folder.File "unlabeled/deep/notes.txt", "no image")

            let empty =
                $"""The folder {Path.Combine(folder.Path, "unlabeled")} has no images (.jpg, .jpeg, .png, .bmp, .webp). Fill or delete it."""

            Expect.equal (message (fun () -> openWith folder)) empty "without images"
            use single = fill [ "a/1.png"; "unlabeled/1.png" ]
            Expect.stringContains (message (fun () -> openWith single)) "single class folder, a;" "one class"
            use none = fill [ "unlabeled/1.png" ]
            Expect.stringContains (message (fun () -> openWith none)) "has no class folders" "no class"
        }

        test "an unreadable image there is named, or skipped" {
            use folder = split ()
            let bad = folder.File "unlabeled/deep/q.png"
            File.WriteAllText(bad, "hello")
            Expect.stringContains (message (fun () -> openWith folder)) $"{bad} cannot be read" "named"

            use data =
                ImageFolder.Open(folder.Path, FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), SkipBadImages = true))

            Expect.equal [ for image in data.SkippedImages -> image.Name ] [ bad ] "skipped"
            Expect.stringEnds data.Description "; 2 images without a class" "the others are there"
        }

        test "a class whose images are all unreadable is an error, whatever is unlabeled" {
            use folder = split ()
            File.WriteAllText(folder.File "train/b/1.png", "hello")

            let skipping =
                FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), SkipBadImages = true)

            Expect.stringContains (message (fun () -> ImageFolder.Open(folder.Path, skipping))) "No image of class b" "class"
        }
    ]
