/* Chinese surnames of two characters, in both scripts: the first character alone is not the surname, for masks and readings.
 * A list of facts; the build tool that makes the pinyin tables reads it too. */
#ifndef ZX_VAULT_SURNAMES_H
#define ZX_VAULT_SURNAMES_H

#define VAULT_COMPOUND_SURNAMES(X)                                                                                   \
    X("欧阳") X("歐陽") X("百里") X("淳于") X("澹台") X("澹臺") X("第五") X("东方") X("東方") X("独孤") X("獨孤") X("端木") \
    X("段干") X("公孙") X("公孫") X("公西") X("公羊") X("公冶") X("公良") X("赫连") X("赫連") X("呼延") X("皇甫") X("乐正") \
    X("樂正") X("令狐") X("刘付") X("劉付") X("刘傅") X("闾丘") X("閭丘") X("慕容") X("纳兰") X("納蘭") X("南宫") X("南宮") \
    X("南门") X("南門") X("濮阳") X("濮陽") X("亓官") X("上官") X("申屠") X("司空") X("司寇") X("司马") X("司馬") X("司徒") \
    X("太史") X("太叔") X("拓跋") X("完颜") X("完顏") X("万俟") X("萬俟") X("尉迟") X("尉遲") X("闻人") X("聞人") X("巫马") \
    X("巫馬") X("西门") X("西門") X("夏侯") X("鲜于") X("鮮于") X("轩辕") X("軒轅") X("宇文") X("长孙") X("長孫") X("钟离") \
    X("鍾離") X("仲孙") X("仲孫") X("诸葛") X("諸葛") X("颛孙") X("顓孫") X("宗政") X("左丘") X("梁丘") X("东郭") X("東郭") \
    X("叔孙") X("叔孫") X("屈突") X("尔朱") X("爾朱") X("纥骨") X("宰父") X("谷梁") X("榖梁") X("拓拔") X("叱干") X("长鱼") \
    X("哥舒") X("斛律") X("耶律") X("完顔") X("贺兰") X("賀蘭") X("宿勤") X("张简") X("張簡") X("范姜") X("范薑") X("欧侯")

#endif
