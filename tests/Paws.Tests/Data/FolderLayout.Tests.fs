module Paws.Tests.Data.FolderLayoutTests

open System
open System.IO
open System.Text.Json.Nodes
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Datasets.Folders
open Paws.Runner.Config
open Paws.Tests
open Paws.Tests.PictureFiles

/// A folder with a picture at each path.
let private holding paths =
    let folder = new DataFolder()
    paths |> List.iteri (fun i path -> put folder path (picture i 4 4))
    folder

/// Two pictures of each of two classes inside a folder.
let private classesIn folder = [
    for name in [ "a"; "b" ] do
        for i in 1..2 -> Path.Combine(folder, name, $"{i}.png")
]

let private flat = classesIn ""

let private openIt (folder: DataFolder) =
    ImageFolder.Open(folder.Path, FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache")))

/// Folders of training and of test images, classes, training and test images, images without a class.
let private found (folder: DataFolder) =
    use data = openIt folder
    let layout = data.Layout
    layout.Train, layout.Test, Seq.toList layout.Classes, (data.Train.Count, data.Test.Count, data.WithoutClass)

let private said (folder: DataFolder) =
    use data = openIt folder
    data.Description

let private counted (folder: DataFolder) =
    DataLocation.Classes(PawsConfig(Data = DataSection(Dataset = "folder", RootPath = folder.Path)))

/// The folder is refused, by whoever looks at it, in a line with these parts.
let private refused (folder: DataFolder) parts =
    for look in
        [
            fun () -> openIt folder |> ignore
            fun () -> counted folder |> ignore
        ] do
        let message = (Expect.throwsC look id :?> DataException).Message

        for part in folder.Path :: parts do
            Expect.stringContains message part "message"

    [ "data"; "check"; folder.Path ] |> PawsCommand.expectMistake parts

let private move (folder: DataFolder) (from: string) (target: string) =
    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.Path, target)))
    |> ignore

    Directory.Move(Path.Combine(folder.Path, from), Path.Combine(folder.Path, target))

[<Tests>]
let names =
    testList "Data.FolderLayout.Names" [
        for train, testing in
            [
                "train", "test"
                "Train", "Test"
                "TRAIN", "TEST"
                "training", "testing"
                "Training", "validation"
                "train_set", "test-set"
                "trainset", "testset"
                "Training Data", "Test Data"
                "train_images", "val_images"
                "train", "val"
                "train", "Valid"
                "train", "VALIDATION"
                "train", "eval"
                "train", "Evaluation"
                "train-split", "dev_split"
                "train", "development"
            ] do
            test $"{train} and {testing} are training and test images" {
                use folder = holding (classesIn train @ classesIn testing)
                Expect.equal (found folder) (train, testing, [ "a"; "b" ], (4, 4, 0)) "what is what"
                Expect.equal (counted folder) (Nullable 2) "classes before opening"
                Expect.equal (said folder) $"{folder.Path}: {train} and {testing} folders" "said"
            }

        for name in
            [
                "unlabeled"
                "unlabelled"
                "Unlabeled"
                "UNLABELLED"
                "unlabeled_images"
                "Unlabeled Data"
                "unlabelled-set"
            ] do
            test $"{name} holds images without a class, beside train, in it, and beside class folders" {
                for train, place in [ "train", ""; "train", "train"; "", "" ] do
                    use folder = holding (Path.Combine(place, name, "more", "1.png") :: classesIn train)
                    Expect.equal (found folder) (train, null, [ "a"; "b" ], (3, 2, 1)) $"beside {train}, in {place}"
                    Expect.equal (counted folder) (Nullable 2) "classes before opening"
            }

        test "other names are classes" {
            for name in
                [
                    "trains"
                    "trainee"
                    "tests"
                    "contest"
                    "retrain"
                    "invalid"
                    "devil"
                    "set"
                    "data"
                    "images"
                    "label"
                    "train1"
                    ""
                ] do
                Expect.equal (FolderNames.RoleOf name) FolderRole.Class name
        }

        test "inside the folder of training images only unlabeled is no class" {
            use folder =
                holding [
                    for part in [ "train"; "test" ] do
                        for name in [ "train"; "test"; "val" ] -> $"{part}/{name}/1.png"
                ]

            Expect.equal (found folder) ("train", "test", [ "test"; "train"; "val" ], (3, 3, 0)) "what is what"
        }
    ]

[<Tests>]
let split =
    testList "Data.FolderLayout.Split" [
        test "the first of the test names that has class folders is the test set; what is not used is said" {
            for unsorted in [ "test/1.png"; "test/images/1.png"; "test/unlabeled/1.png"; "Testing/1.png" ] do
                use folder =
                    holding ((unsorted :: classesIn "train") @ classesIn "val" @ classesIn "dev")

                let name = unsorted.Split('/')[0]
                Expect.equal (found folder) ("train", "val", [ "a"; "b" ], (4, 4, 0)) unsorted

                Expect.equal
                    (said folder)
                    $"{folder.Path}: train and val folders; {name} is not used: it has no class folders; dev is not used: val is"
                    "said"
        }

        test "an unsorted test folder alone: a share of training is held out, and that is said" {
            use folder = holding ("test/1.png" :: classesIn "train")
            Expect.equal (found folder) ("train", null, [ "a"; "b" ], (2, 2, 0)) "what is what"

            Expect.equal
                (said folder)
                $"{folder.Path}: 10 %% of each class held out for testing (seed 0); test is not used: it has no class folders"
                "said"
        }

        test "class folders beside a test folder with class folders: they are trained on, it is no class" {
            for name in [ "test"; "Test"; "val" ] do
                use folder = holding (flat @ classesIn name)
                Expect.equal (found folder) ("", name, [ "a"; "b" ], (4, 4, 0)) name
                Expect.equal (counted folder) (Nullable 2) "classes before opening"
                Expect.equal (said folder) $"{folder.Path}: class folders, and folder {name} for testing" "said"
        }

        test "class folders beside an unsorted test folder are refused, and each remedy that is named works" {
            for name in [ "test"; "valid" ] do
                let unsorted () =
                    let folder = holding ([ $"{name}/1.png"; $"{name}/2.png" ] @ flat)

                    refused folder [
                        $"{name} is taken for test images by its name"
                        "class folders, or move it elsewhere"
                        "into a folder train"
                    ]

                    folder

                use sorted = unsorted ()

                for label in [ "a"; "b" ] do
                    put sorted $"{name}/{label}/1.png" (picture 9 4 4)

                Expect.equal (found sorted) ("", name, [ "a"; "b" ], (4, 2, 0)) "sorted"
                use moved = unsorted ()
                Directory.Delete(Path.Combine(moved.Path, name), true)
                Expect.equal (found moved) ("", null, [ "a"; "b" ], (2, 2, 0)) "moved elsewhere"
                use one = unsorted ()

                for label in [ "a"; "b"; name ] do
                    move one label $"train/{label}"

                Expect.equal (found one) ("train", null, [ "a"; "b"; name ], (3, 3, 0)) "a class"
        }

        test "a train folder without class folders beside others is refused, and another name for the class works" {
            use folder = holding ([ "Train/1.png"; "Train/2.png" ] @ flat)
            refused folder [ "Train has no class folders"; "beside a and b"; "such as Train-class" ]
            move folder "Train" "Train-class"
            Expect.equal (found folder) ("", null, [ "Train-class"; "a"; "b" ], (3, 3, 0)) "a class"
        }

        test "two spellings of one part are refused by name, and one of them is not" {
            for one, other, what in
                [
                    "train", "training", "training images"
                    "Train", "train_set", "training images"
                    "test", "testing", "test images"
                    "val", "validation", "test images"
                ] do
                for beside in
                    (if what = "test images" then
                         [ classesIn "train"; flat ]
                     else
                         [ classesIn "val" ]) do
                    use folder = holding (classesIn one @ classesIn other @ beside)
                    refused folder [ $"has 2 folders of {what}: {one}, {other}."; "Keep one" ]
                    Directory.Delete(Path.Combine(folder.Path, other), true)
                    let _, _, classes, counts = found folder
                    Expect.equal (classes, counts) ([ "a"; "b" ], (4, 4, 0)) $"{one} kept"
        }

        test "two spellings that differ in case alone are refused too" {
            Needs.caseOfFileNames ()
            use training = holding (classesIn "train" @ classesIn "Train")
            refused training [ "has 2 folders of training images: Train, train." ]
            use testing = holding (classesIn "train" @ classesIn "test" @ classesIn "TEST")
            refused testing [ "has 2 folders of test images: TEST, test." ]
        }

        test "test folders with nothing to train on are refused, and class folders in a folder train work" {
            use folder = holding (classesIn "test" @ classesIn "val")
            refused folder [ "has test and val for testing, and nothing to train on"; "a folder train" ]

            for path in classesIn "train" do
                put folder path (picture 0 4 4)

            Expect.equal (found folder) ("train", "test", [ "a"; "b" ], (4, 4, 0)) "with train"
        }

        test "images without a class of several folders are in the order of their paths" {
            use folder =
                holding (
                    [ "unlabeled/1.png"; "train/Unlabelled/1.png"; "notes/1.png" ]
                    @ classesIn "train"
                    @ classesIn "test"
                    @ [ "test/unlabeled/1.png" ]
                )

            use data = openIt folder

            Expect.equal
                [
                    for i in 0 .. data.Train.Count - 1 do
                        if data.Train.Labels[i] = IImageDataset.NoClass then
                            data.Train.NameOf i
                ]
                [ "train/Unlabelled/1.png"; "unlabeled/1.png" ]
                "order"

            Expect.equal data.Test.Count 4 "test images"
            Expect.stringContains data.Description "; test/unlabeled is not used: nothing can be tested on it" "said"
        }
    ]

[<Tests>]
let told =
    // It sets where decoded images are kept.
    testSequenced
    <| testList "Data.FolderLayout.Told" [
        test "data check tells what was taken for what" {
            use folder =
                holding (
                    [ "test/1.png"; "unlabelled/1.png"; "notes/1.png" ]
                    @ classesIn "Train"
                    @ classesIn "val"
                )

            let cacheHome = Environment.GetEnvironmentVariable "XDG_CACHE_HOME"
            Environment.SetEnvironmentVariable("XDG_CACHE_HOME", Path.Combine(folder.Path, ".cache"))

            use _ = {
                new IDisposable with
                    member _.Dispose() =
                        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", cacheHome)
            }

            let lines = (PawsCommand.run [ "data"; "check"; folder.Path ]).Out.Split '\n'

            for line in
                [
                    "training images: the class folders of Train"
                    "test images: the class folders of val"
                    "images without a class: unlabelled"
                    "not used: test, because it has no class folders"
                    "not used: notes, because it is not in Train"
                ] do
                Expect.contains lines line "said"

            let json = PawsCommand.runForJson [ "data"; "check"; folder.Path ]

            Expect.isTrue
                (JsonNode.DeepEquals(
                    json["folders"],
                    JsonNode.Parse """{"train":"Train","test":"val","unlabeled":["unlabelled"],"unused":["test","notes"]}"""
                ))
                (string json)

            Expect.stringContains
                (PawsCommand.run [ "data"; "list"; folder.Path ]).Out
                "(2 class folders, Train and val, unlabelled)"
                "data list"
        }
    ]
