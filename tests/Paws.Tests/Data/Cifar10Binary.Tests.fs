module Paws.Tests.Data.Cifar10BinaryTests

open System.IO
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Tests

let private names =
    [ for i in 1..5 -> $"data_batch_{i}.bin" ] @ [ "test_batch.bin" ]

/// A byte that tells file, record, channel and pixel apart.
let private value file record channel pixel =
    byte (17 * file + 31 * record + 101 * channel + 7 * pixel)

let private record file index = [|
    yield byte ((file + index) % 10)
    for channel in 0..2 do
        for pixel in 0..1023 do
            yield value file index channel pixel
|]

/// Files of 2, 3, 4, 5, 6 and 7 records.
let private write (folder: DataFolder) =
    names
    |> List.iteri (fun file name ->
        File.WriteAllBytes(folder.File("cifar-10-batches-bin/" + name), Array.collect (record file) [| 0 .. file + 1 |]))

let private message action =
    (Expect.throwsC action id :?> DataException).Message

[<Tests>]
let tests =
    testList "Data.Cifar10Binary" [
        test "every byte of every record arrives, channels interleaved" {
            use folder = new DataFolder()
            write folder
            use data = Cifar10Binary.Open folder.Path
            Expect.equal (data.Train.Count, data.Test.Count) (2 + 3 + 4 + 5 + 6, 7) "records"
            Expect.equal (Seq.toList data.Train.Classes) (Seq.toList Cifar10Binary.ClassNames) "names without a meta file"

            let expected = [
                for file in 0..4 do
                    for index in 0 .. file + 1 -> file, index
            ]

            for i, (file, index) in List.indexed expected do
                Expect.equal data.Train.Labels[i] ((file + index) % 10) "label"
                Expect.equal (data.Train.NameOf i) $"{names[file]}:{index}" "name"

                let pixels = [|
                    for pixel in 0..1023 do
                        for channel in 0..2 -> value file index channel pixel
                |]

                Expect.equal (data.Train.Read(i).Pixels.ToArray()) pixels $"image {i}"
        }

        test "the folder itself is accepted too, and names come from batches.meta.txt" {
            use folder = new DataFolder()
            write folder
            let inner = Path.Combine(folder.Path, "cifar-10-batches-bin")
            let classes = [ for i in 0..9 -> $"class {i}" ]
            File.WriteAllText(Path.Combine(inner, "batches.meta.txt"), String.concat "\n" classes + "\n\n")
            use data = Cifar10Binary.Open inner
            Expect.equal (Seq.toList data.Test.Classes) classes "names"
        }

        test "a missing, cut or wrong file is named" {
            use folder = new DataFolder()
            Expect.stringContains (message (fun () -> Cifar10Binary.Open folder.Path |> ignore)) "data_batch_1.bin" "nothing there"
            write folder
            let file = folder.File "cifar-10-batches-bin/data_batch_3.bin"
            let whole = File.ReadAllBytes file
            File.WriteAllBytes(file, whole[.. whole.Length - 2])
            Expect.stringContains (message (fun () -> Cifar10Binary.Open folder.Path |> ignore)) "data_batch_3.bin is damaged" "cut"
            whole[3073] <- 10uy
            File.WriteAllBytes(file, whole)
            Expect.stringContains (message (fun () -> Cifar10Binary.Open folder.Path |> ignore)) "record 1 has label 10" "label"
            File.Delete file
            Expect.stringContains (message (fun () -> Cifar10Binary.Open folder.Path |> ignore)) "data_batch_3.bin is missing" "missing"
        }

        test "opening by request finds it, and says what to do about the Python version" {
            use folder = new DataFolder()
            write folder
            use data = DatasetOpener.Open(DatasetRequest(Root = folder.Path))
            Expect.equal data.Train.Name "cifar10" "found"
            use other = new DataFolder()
            File.WriteAllText(other.File "cifar-10-batches-py/data_batch_1", "")

            Expect.stringContains
                (message (fun () -> DatasetOpener.Open(DatasetRequest(Root = other.Path)) |> ignore))
                "cifar-10-binary.tar.gz"
                "pickles"
        }
    ]
