module Paws.Tests.Data.LabelSplitTests

open System.IO
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Splits
open Paws.Tests

let private files = [|
    "train/n01/n01_5.JPEG"
    "train/n01/same.png"
    "train/n02/n02_7.JPEG"
    "train/n02/same.png"
    "unlabeled/other.png"
    "unlabeled/n01_5.JPEG"
    "unlabeled/deep/other.png"
|]

/// The last three have no class.
let private labels = [| 0; 0; 1; 1; -1; -1; -1 |]

let private data () =
    new PackedDataset("tiny", [| "n01"; "n02" |], labels, Array.zeroCreate<byte>(3 * labels.Length), 1, 1, (fun i -> files[i]))

let private read (lines: string list) =
    use folder = new DataFolder()
    use data = data ()
    let file = folder.File "labels.txt"
    File.WriteAllLines(file, lines)
    LabelSplit.FromFile(file, data).Indices |> Seq.toList

/// As read with the folder of the images and the test images known.
let private readAt (root: string) (lines: string list) =
    use folder = new DataFolder()
    use data = data ()

    use test =
        new PackedDataset("tiny", [| "n01"; "n02" |], [| 0 |], Array.zeroCreate<byte> 3, 1, 1, (fun _ -> "test/n01/held.png"))

    let file = folder.File "labels.txt"
    File.WriteAllLines(file, lines)
    LabelSplit.FromFile(file, data, root, test).Indices |> Seq.toList

let private message action =
    (Expect.throwsC (fun () -> action () |> ignore) id :?> DataException).Message

[<Tests>]
let tests =
    testList "Data.LabelSplit" [
        test "indices, as integers or as published in floating point, with comments and blank lines" {
            Expect.equal (read [ "# four"; ""; "2"; "  0.0  "; "3.000000000000000000e+00 # the last" ]) [ 0; 2; 3 ] "indices"
        }

        test "file names as in published ImageNet subsets, and paths from the root" {
            Expect.equal (read [ "n02_7.JPEG"; "train/n01/same.png"; "n01_5.JPEG" ]) [ 0; 1; 2 ] "indices"
        }

        test "a # in a name, where the line is a name; elsewhere a comment begins" {
            use folder = new DataFolder()

            use data =
                new PackedDataset(
                    "tiny",
                    [| "a"; "b" |],
                    [| 0; 0; 1 |],
                    Array.zeroCreate<byte> 9,
                    1,
                    1,
                    (fun i -> [| "a/no#1.png"; "a/no"; "b/2.png" |][i])
                )

            let read (lines: string list) =
                let file = folder.File "labels.txt"
                File.WriteAllLines(file, lines)
                LabelSplit.FromFile(file, data).Indices |> Seq.toList

            Expect.equal (read [ "a/no#1.png"; "b/2.png # the other" ]) [ 0; 2 ] "a name"
            Expect.equal (read [ "a/no # 1.png"; "b/2.png" ]) [ 1; 2 ] "a comment"
        }

        test "paths in other shapes: ./, backslashes, from the top, from the current folder, with the class" {
            let root = Path.Combine(Path.GetTempPath(), "photos")
            let here = Path.GetRelativePath(Directory.GetCurrentDirectory(), root)

            for entry in
                [
                    "./train/n01/same.png"
                    "././train/n01/same.png"
                    @"train\n01\same.png"
                    @".\train\n01\same.png"
                    Path.Combine(root, "train/n01/same.png")
                    Path.Combine(here, "train/n01/same.png")
                    "train/n01/same.png,n01"
                    "./train/n01/same.png , n01 # sure"
                ] do
                Expect.equal (readAt root [ entry; "n02_7.JPEG" ]) [ 1; 2 ] entry
        }

        test "a class that is said must be the image's" {
            let said = message (fun () -> readAt "/photos" [ "n02_7.JPEG,n01" ])
            Expect.stringContains said "line 1: n02_7.JPEG is said to be of class n01, and lies in class n02" "other"
        }

        test "a held-out image is called one" {
            for entry in [ "test/n01/held.png"; "held.png"; "./test/n01/held.png"; "held.png,n01" ] do
                Expect.stringContains (message (fun () -> readAt "/photos" [ entry ])) $"{entry} is held out as a test image" entry
        }

        test "a path into another folder is no image of this one, and the message says what is expected" {
            let said = message (fun () -> readAt "/photos" [ "/elsewhere/train/n01/same.png" ])
            Expect.stringContains said "has no training image /elsewhere/train/n01/same.png" "which"
            Expect.stringContains said "its path from the root (such as train/n01/n01_5.JPEG), or its index" "what shape"
        }

        for entry in [ "unlabeled/other.png"; "other.png"; "4" ] do
            test $"to label {entry}, an image without a class, is an error that says where" {
                let said = message (fun () -> read [ "0"; "# a comment"; entry; "2" ])
                Expect.stringContains said $"labels.txt, line 3: {entry} is an image without a class (unlabeled/other.png)." "line"
            }

        test "draws leave out images without a class" {
            for seed in 0..9 do
                let all = LabelSplit.ByCount(labels, [| "n01"; "n02" |], 2, seed)
                Expect.equal (Seq.toList all.Indices) [ 0; 1; 2; 3 ] "by count"
                let share = LabelSplit.ByFraction(labels, [| "n01"; "n02" |], 1.0, seed)
                Expect.equal (Seq.toList share.Indices) [ 0; 1; 2; 3 ] "by fraction"
        }

        for name, lines, text in
            [
                "unknown name", [ "0"; "n03_1.JPEG" ], "line 2: tiny has no training image n03_1.JPEG"
                "ambiguous name", [ "same.png" ], "line 1: several training images are named same.png"
                "repeated", [ "0"; "#"; "n01_5.JPEG" ], "line 3: n01_5.JPEG is the image of line 1 again"
                "too large", [ "0"; "7" ], "line 2: index 7 is outside [0, 7)"
                "negative", [ "-1" ], "line 1: index -1"
                "fractional", [ "0.5" ], "line 1: tiny has no training image 0.5"
                "a class without labels", [ "0"; "1" ], "no image of class n02"
            ] do
            test $"{name} is an error that says where" { Expect.stringContains (message (fun () -> read lines)) text name }

        test "a missing file is named" {
            use data = data ()
            Expect.stringContains (message (fun () -> LabelSplit.FromFile("/nowhere/labels.txt", data))) "/nowhere/labels.txt" "path"
        }

        test "too few images name the class" {
            let said =
                message (fun () -> LabelSplit.ByCount([| 0; 1; 1 |], [| "cat"; "dog" |], 2, 0))

            Expect.stringContains said "Class cat has 1 training images; 2 are to be labeled" "class"
        }

        test "counts and shares out of range" {
            Expect.stringContains (message (fun () -> LabelSplit.ByCount([| 0 |], [| "cat" |], 0, 0))) "at least 1" "count"

            for fraction in [ 0.0; 1.5; nan ] do
                Expect.stringContains (message (fun () -> LabelSplit.ByFraction([| 0 |], [| "cat" |], fraction, 0))) "in (0, 1]" "share"
        }

        test "seeds differ" {
            let labels = Array.init 1000 (fun i -> i % 10)
            let names = Array.init 10 string

            let draw seed =
                LabelSplit.ByCount(labels, names, 5, seed).Indices |> Seq.toList

            Expect.notEqual (draw 0) (draw 1) "seeds"
        }
    ]
