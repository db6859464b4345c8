module Paws.Tests.Data.OpenSetTests

open System.IO
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Datasets.Folders
open Paws.Tests

let private labels (data: IImageDataset) = Seq.toList data.Labels

let private message action =
    (Expect.throwsC (fun () -> action () |> ignore) id :?> DataException).Message

[<Tests>]
let tests =
    testList "Data.OpenSet" [
        test "the first classes stay, the others lose their label, their test images are left out" {
            use whole = BuiltInShapes.Open(40, 20)
            let data = OpenSet.Of(whole, 6)
            Expect.equal (Seq.toList data.Train.Classes) (Seq.toList (Seq.take 6 whole.Train.Classes)) "classes"
            Expect.equal (labels data.Train) [ for i in 0..39 -> if i % 10 < 6 then i % 10 else -1 ] "training labels"
            Expect.equal (labels data.Test) [ 0; 1; 2; 3; 4; 5; 0; 1; 2; 3; 4; 5 ] "test labels"
            Expect.equal (data.Test.NameOf 6) (whole.Test.NameOf 10) "test names"
            Expect.equal (data.Test.Read(6).Pixels.ToArray()) (whole.Test.Read(10).Pixels.ToArray()) "test images"
            Expect.stringContains data.Description "6 of 10 classes known, 16 images without a class" "said"
        }

        test "written and opened again, images without a class are in unlabeled" {
            use folder = new DataFolder()
            use data = OpenSet.Of(BuiltInShapes.Open(20, 10), 3)
            let target = Path.Combine(folder.Path, "made")
            FolderExport.WriteTo(data, target)

            use again =
                ImageFolder.Open(target, FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache")))

            Expect.equal (Seq.toList again.Train.Classes) (List.sort [ yield! data.Train.Classes ]) "classes"
            Expect.equal (again.Train.Count, again.WithoutClass, again.Test.Count) (20, 14, 3) "counts"
            Expect.hasLength (Directory.GetFiles(Path.Combine(target, "unlabeled"), "*.png")) 14 "files"
            // Image 3 is the first whose class is not known.
            Expect.equal (again.Train.NameOf 6) "unlabeled/0000003.png" "name"
            Expect.equal (again.Train.Read(6).Pixels.ToArray()) (data.Train.Read(3).Pixels.ToArray()) "pixels"
        }

        test "all classes known is the set itself, in two folders" {
            use folder = new DataFolder()
            use data = OpenSet.Of(BuiltInShapes.Open(20, 10), 10)
            FolderExport.WriteTo(data, Path.Combine(folder.Path, "made"))
            Expect.equal (data.WithoutClass, data.Test.Count) (0, 10) "counts"
            Expect.hasLength (Directory.GetDirectories(Path.Combine(folder.Path, "made"))) 2 "train and test"
        }

        for known in [ -1; 1; 11 ] do
            test $"{known} known classes are an error" {
                use whole = BuiltInShapes.Open(10, 10)
                Expect.stringContains (message (fun () -> OpenSet.Of(whole, known))) $"must be in [2, 10], got {known}" "range"
            }
    ]
