module Paws.Tests.Data.ImageFolderTests

open System
open System.IO
open Expecto
open Paws.Data
open Paws.Data.Datasets
open Paws.Data.Datasets.Folders
open Paws.Tests
open Paws.Tests.PictureFiles
open SkiaSharp

/// Classes b and a with train and test images of 8×6.
let private small () =
    let folder = new DataFolder()

    [
        "train/b/2.png"
        "train/b/10.png"
        "train/a/x.PNG"
        "train/a/y.png"
        "test/a/t.png"
        "test/b/t.png"
    ]
    |> List.iteri (fun i path -> put folder path (picture i 8 6))

    File.WriteAllText(folder.File "train/a/notes.txt", "not an image")
    folder

let private options (folder: DataFolder) =
    FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"))

/// With a trailing slash, which must not matter.
let private openWith (folder: DataFolder) =
    ImageFolder.Open(folder.Path + "/", options folder)

let private message action =
    (Expect.throwsC action id :?> DataException).Message

let private cacheFile (folder: DataFolder) =
    Directory.GetFiles(Path.Combine(folder.Path, ".cache"), "*.images")
    |> Array.exactlyOne

let private paths (data: IImageDataset) = [ for i in 0 .. data.Count - 1 -> data.NameOf i ]

let private pixels (data: IImageDataset) = [ for i in 0 .. data.Count - 1 -> data.Read(i).Pixels.ToArray() ]

/// Whether opening decodes (true) or finds a cache (false).
let private decodes (folder: DataFolder) =
    let mutable called = false

    use _data =
        ImageFolder.Open(
            folder.Path,
            FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), Progress = fun _ _ -> called <- true)
        )

    called

let private encode (bitmap: SKBitmap) format =
    use data = bitmap.Encode(format, 95)
    data.ToArray()

[<Tests>]
let layout =
    testList "Data.ImageFolder.Layout" [
        test "classes and files are sorted, other files ignored, pixels exact" {
            use folder = small ()
            use data = openWith folder
            Expect.equal (Seq.toList data.Train.Classes) [ "a"; "b" ] "classes"
            Expect.equal (paths data.Train) [ "train/a/x.PNG"; "train/a/y.png"; "train/b/10.png"; "train/b/2.png" ] "order"
            Expect.equal (Seq.toList data.Train.Labels) [ 0; 0; 1; 1 ] "labels"
            Expect.equal (paths data.Test) [ "test/a/t.png"; "test/b/t.png" ] "test images"
            let expected = [ for seed in [ 2; 3; 1; 0 ] -> (picture seed 8 6).Pixels.ToArray() ]
            Expect.equal (pixels data.Train) expected "pixels"
        }

        test "on demand gives the same images as the cache" {
            use folder = small ()
            use cached = openWith folder
            use demanded = ImageFolder.Open(folder.Path, FolderOptions(CacheLimit = 100L))
            Expect.isTrue (cached.Train :? PackedDataset) "small sets are cached"
            Expect.isFalse (demanded.Train :? PackedDataset) "large ones are not"
            Expect.equal (pixels demanded.Train) (pixels cached.Train) "pixels"
            Expect.equal (paths demanded.Test) (paths cached.Test) "names"
            Expect.isEmpty (DatasetOpener.Verify demanded.Train) "all readable"
        }

        test "without a test folder a tenth of each class is held out, by seed" {
            use folder = new DataFolder()

            for i in 0..19 do
                put folder $"cat/{i:D2}.png" (picture i 4 4)

            for i in 0..39 do
                put folder $"dog/{i:D2}.png" (picture i 4 4)

            let held seed =
                use data =
                    ImageFolder.Open(folder.Path, FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), Seed = seed))

                Expect.equal (data.Test.Labels |> Seq.countBy id |> Seq.toList) [ 0, 2; 1, 4 ] "a tenth of each"
                Expect.hasLength (List.distinct (paths data.Train @ paths data.Test)) 60 "all, once"
                Expect.stringContains data.Description "held out" "said"
                paths data.Test

            Expect.equal (held 1) (held 1) "the same seed"
            Expect.notEqual (held 1) (held 2) "another seed"
        }

        test "grey, palette-like, transparent and JPEG images become RGB" {
            use folder = new DataFolder()
            use grey = new SKBitmap(SKImageInfo(5, 4, SKColorType.Gray8, SKAlphaType.Opaque))
            grey.Erase(SKColor(90uy, 90uy, 90uy))
            File.WriteAllBytes(folder.File "a/grey.png", encode grey SKEncodedImageFormat.Png)
            File.WriteAllBytes(folder.File "a/grey.jpg", encode grey SKEncodedImageFormat.Jpeg)

            use clear =
                new SKBitmap(SKImageInfo(3, 2, SKColorType.Rgba8888, SKAlphaType.Unpremul))

            clear.Erase(SKColor(200uy, 0uy, 100uy, 51uy))
            File.WriteAllBytes(folder.File "b/clear.png", encode clear SKEncodedImageFormat.Png)
            File.WriteAllBytes(folder.File "b/other.png", encode clear SKEncodedImageFormat.Png)

            use data =
                ImageFolder.Open(folder.Path, FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), HoldOut = 0.5))

            let all =
                Map [
                    for part in [ data.Train; data.Test ] do
                        for i in 0 .. part.Count - 1 -> part.NameOf i, part.Read i
                ]

            Expect.equal (all["a/grey.png"].Pixels.ToArray()) (Array.create 60 90uy) "grey PNG"
            Expect.all (all["a/grey.jpg"].Pixels.ToArray()) (fun v -> abs (int v - 90) <= 1) "grey JPEG"
            // A fifth of the colour over white: 0.2 · (200, 0, 100) + 0.8 · 255.
            Expect.equal (all["b/clear.png"].Pixels.Slice(0, 3).ToArray()) [| 244uy; 204uy; 224uy |] "over white"
            Expect.equal (all["b/clear.png"].Width, all["b/clear.png"].Height) (3, 2) "sizes may differ"
        }

        test "what is wrong with a folder is said in one line" {
            use folder = new DataFolder()

            let says part text =
                Expect.stringContains (message (fun () -> ImageFolder.Open(Path.Combine(folder.Path, part)) |> ignore)) text part

            says "nowhere" "There is no folder"
            says "" "is empty"
            File.WriteAllText(folder.File "flat/readme.txt", "")
            says "flat" "no class folders"
            says "flat/readme.txt" "is a file"
            put folder "one/a/1.png" (picture 0 2 2)
            says "one" "single class folder"
            put folder "hole/a/1.png" (picture 0 2 2)
            folder.File "hole/b/x" |> ignore
            says "hole" ("The class folder " + Path.Combine(folder.Path, "hole", "b") + " has no images")
            put folder "few/a/1.png" (picture 0 2 2)
            put folder "few/b/1.png" (picture 0 2 2)
            says "few" "Class a has a single image"

            for path in
                [
                    "odd/train/a/1.png"
                    "odd/train/b/1.png"
                    "odd/test/a/1.png"
                    "odd/test/c/1.png"
                ] do
                put folder path (picture 0 2 2)

            says "odd" "is a class that"
        }

        test "what FolderExport writes, ImageFolder reads" {
            use folder = new DataFolder()
            use shapes = BuiltInShapes.Open(20, 10)
            let target = Path.Combine(folder.Path, "made")
            FolderExport.WriteTo(shapes, target)
            use data = ImageFolder.Open(target, options folder)
            Expect.equal (Seq.toList data.Train.Classes) (Seq.toList shapes.Train.Classes) "classes"
            // Class folders put images in class order.
            let byClass (part: IImageDataset) =
                List.sortBy (fun i -> part.Labels[i]) [ 0 .. part.Count - 1 ]
                |> List.map (fun i -> part.Read(i).Pixels.ToArray())

            Expect.equal (pixels data.Train) (byClass shapes.Train) "training images"
            Expect.equal (pixels data.Test) (byClass shapes.Test) "test images"
            Expect.stringContains (message (fun () -> FolderExport.WriteTo(shapes, target))) "exists already" "never over another"
            Expect.equal (Directory.GetFileSystemEntries(folder.Path).Length) 2 "nothing left aside"
        }
    ]

[<Tests>]
let badImages =
    let broken () =
        let folder = small ()
        let whole = FolderExport.Png(picture 3 40 40)
        File.WriteAllBytes(folder.File "train/a/cut.png", whole[.. whole.Length / 2])
        File.WriteAllText(folder.File "train/b/text.png", "hello")
        folder

    testList "Data.ImageFolder.BadImages" [
        test "a bad image is named, with the number of others" {
            use folder = broken ()
            let said = message (fun () -> openWith folder |> ignore)
            Expect.stringContains said (Path.Combine(folder.Path, "train/a/cut.png")) "path"
            Expect.stringContains said "and 1 more" "count"
            Expect.stringContains said "skip_bad_images" "remedy"
        }

        for limit in [ 2_000_000_000L; 100L ] do
            test $"skipping leaves them out and lists them, cache limit {limit}" {
                use folder = broken ()

                let options =
                    FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), SkipBadImages = true, CacheLimit = limit)

                for round in [ "first"; "from the cache" ] do
                    use data = ImageFolder.Open(folder.Path, options)
                    Expect.equal data.Train.Count 4 round
                    Expect.equal [ for s in data.SkippedImages -> Path.GetFileName s.Name ] [ "cut.png"; "text.png" ] round
                    Expect.all data.SkippedImages (fun s -> s.Reason.Length > 0) round
                    Expect.hasLength (pixels data.Train) 4 round
            }

        test "an on-demand set names a bad image when it is read, and Verify finds all" {
            use folder = broken ()
            use data = ImageFolder.Open(folder.Path, FolderOptions(CacheLimit = 100L))
            Expect.equal data.Train.Count 6 "not looked at yet"
            Expect.equal [ for s in DatasetOpener.Verify data.Train -> s.Name ] [ "train/a/cut.png"; "train/b/text.png" ] "found"
            Expect.stringContains (message (fun () -> data.Train.Read 0 |> ignore)) "cut.png" "read"
        }

        test "a class left without images is an error even when skipping" {
            use folder = small ()
            File.WriteAllText(folder.File "train/b/2.png", "")
            File.WriteAllText(folder.File "train/b/10.png", "")

            let options =
                FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), SkipBadImages = true)

            Expect.stringContains (message (fun () -> ImageFolder.Open(folder.Path, options) |> ignore)) "No image of class b" "class"
        }
    ]

[<Tests>]
let cache =
    testList "Data.ImageFolder.Cache" [
        test "images are decoded once" {
            use folder = small ()
            Expect.isTrue (decodes folder) "first"
            let written = File.GetLastWriteTimeUtc(cacheFile folder)
            Expect.isFalse (decodes folder) "second"
            Expect.equal (File.GetLastWriteTimeUtc(cacheFile folder)) written "not written again"
        }

        test "what a killed process left half made is deleted" {
            use folder = small ()
            decodes folder |> ignore
            let leftover = cacheFile folder + ".0123.tmp"
            File.WriteAllText(leftover, "half")
            File.Delete(cacheFile folder)
            Expect.isTrue (decodes folder) "made anew"
            Expect.isFalse (File.Exists leftover) "deleted"
        }

        test "a changed, touched, added or removed file makes it anew" {
            use folder = small ()

            let steps: (string * (unit -> unit)) list = [
                "changed", (fun () -> put folder "train/a/y.png" (picture 9 8 6))
                "touched", (fun () -> File.SetLastWriteTimeUtc(folder.File "train/b/2.png", DateTime(2020, 1, 1)))
                "added", (fun () -> put folder "train/a/z.png" (picture 10 8 6))
                "removed", (fun () -> File.Delete(folder.File "train/a/x.PNG"))
            ]

            decodes folder |> ignore

            for name, change in steps do
                change ()
                Expect.isTrue (decodes folder) name
                Expect.isFalse (decodes folder) $"{name}, then kept"

            use data = openWith folder
            Expect.equal (paths data.Train) [ "train/a/y.png"; "train/a/z.png"; "train/b/10.png"; "train/b/2.png" ] "files"
            Expect.equal (data.Train.Read(0).Pixels.ToArray()) ((picture 9 8 6).Pixels.ToArray()) "the new pixels"
            cacheFile folder |> ignore // still one file
        }

        test "damage anywhere is noticed" {
            use folder = small ()

            let expected =
                use fresh = openWith folder
                pixels fresh.Train

            let path = cacheFile folder
            let whole = File.ReadAllBytes path

            let noticed name (bytes: byte[]) =
                File.WriteAllBytes(path, bytes)
                Expect.isTrue (decodes folder) name
                use again = openWith folder
                Expect.equal (pixels again.Train) expected name

            for at in [ 0; 9; 41; 49; 57; 64; 80; whole.Length / 2; whole.Length - 1 ] do
                noticed $"byte {at}" (Array.mapi (fun i b -> if i = at then b ^^^ 1uy else b) whole)

            noticed "cut off" whole[.. whole.Length - 2]
            noticed "empty" [||]
        }

        test "a cache folder that cannot be made is said to be so" {
            use folder = small ()
            let file = folder.File "blocked"
            File.WriteAllText(file, "")

            Expect.stringContains
                (message (fun () -> ImageFolder.Open(folder.Path, FolderOptions(CacheDirectory = file)) |> ignore))
                "another cache folder"
                "remedy"
        }

        test "several openings at once share one cache" {
            use folder = small ()
            let opened = Array.Parallel.init 4 (fun _ -> openWith folder)

            for data in opened do
                Expect.equal (pixels data.Train) (pixels opened[0].Train) "same"

            for data in opened do
                data.Dispose()

            cacheFile folder |> ignore
        }
    ]
